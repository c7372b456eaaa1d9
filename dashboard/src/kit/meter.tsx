// How much of a whole is used: a bar beside words that say the same.

export const Meter = ({
  label,
  value,
  max,
  expected,
  words,
}: {
  label: string
  value: number
  max: number
  /** Where it will be: a line on the bar. */
  expected?: number
  /** The value in words: `6,200 of 10,000`. */
  words: string
}) => {
  const share = Math.min(1, max === 0 ? 1 : value / max)
  const ahead = expected === undefined ? undefined : Math.min(1, expected / Math.max(max, 1))
  const look = share >= 1 ? 'fill-bad' : share >= 0.8 ? 'fill-warn' : 'fill-accent'
  return (
    <div
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={max}
      aria-valuenow={Math.min(value, max)}
      aria-valuetext={words}
    >
      <svg width="100%" height="10" aria-hidden="true" className="block">
        <rect width="100%" height="10" rx="5" className="fill-sunken stroke-line" />
        {ahead !== undefined && ahead > share && (
          <rect width={`${ahead * 100}%`} height="10" rx="5" className="fill-line" />
        )}
        {share > 0 && <rect width={`${Math.max(1, share * 100)}%`} height="10" rx="5" className={look} />}
      </svg>
    </div>
  )
}
