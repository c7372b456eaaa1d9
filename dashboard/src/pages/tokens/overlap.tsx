// How long what is replaced works on.

/** A day, as everywhere. */
export const defaultOverlap = '86400'

const overlaps = [
  [0, 'Now'],
  [3600, 'In an hour'],
  [86_400, 'In a day'],
  [7 * 86_400, 'In a week'],
  [30 * 86_400, 'In 30 days'],
] as const

/** Options of a select; the value is in seconds. */
export const OverlapOptions = () =>
  overlaps.map(([seconds, label]) => (
    <option key={seconds} value={seconds}>
      {label}
    </option>
  ))
