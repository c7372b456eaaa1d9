// RFC 3339: times as answers and command lines have them; inside they are Unix milliseconds.

/** UTC, with milliseconds and `Z`. */
export const formatTime = (at: number): string => new Date(at).toISOString()

export const formatTimeOrNull = (at: number | null): string | null => (at === null ? null : formatTime(at))

const form = /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3])(:[0-5]\d){2}(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/

/** Unix milliseconds of a date-time (RFC 3339 §5.6, capital T and Z, no leap second), or undefined where it is none. */
export const parseTime = (text: string): number | undefined => {
  const day = form.exec(text)?.[1]
  if (day === undefined) return undefined
  // Date takes 31 February for 3 March
  const midnight = new Date(`${day}T00:00:00Z`)
  return Number.isNaN(midnight.getTime()) || !midnight.toISOString().startsWith(day) ? undefined : Date.parse(text)
}
