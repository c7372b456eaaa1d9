// How much of a limit is used: a bar, with the numbers beside it for everybody.

export const LimitBar = ({ label, used, limit }: { label: string; used: number; limit: number }) => {
  const share = limit === 0 ? 1 : Math.min(1, used / limit)
  const look = share >= 1 ? 'text-bad' : share >= 0.8 ? 'text-warn' : 'text-accent'
  return (
    <progress aria-label={label} max={Math.max(limit, 1)} value={Math.min(used, limit)} className={`bar ${look}`} />
  )
}
