// When something ends: a date, or none. A date means to the end of that day, UTC, as on the command line.
import { Button } from '../../kit/button.tsx'
import { TextField } from '../../kit/field.tsx'

const dayMs = 86_400_000
const dateAfter = (days: number): string => new Date(Date.now() + days * dayMs).toISOString().slice(0, 10)

/** The body's field of a date as the field holds it. */
export const endOf = (date: string): { expires_at?: string } =>
  date === '' ? {} : { expires_at: new Date(Date.parse(`${date}T00:00:00Z`) + dayMs).toISOString() }

const presets = [
  ['30 days', 30],
  ['90 days', 90],
  ['1 year', 365],
] as const

export const EndField = ({ value, onChange }: { value: string; onChange: (date: string) => void }) => (
  <div className="grid gap-2">
    <TextField
      label="Expiration"
      optional
      type="date"
      hint="It works to the end of that day (UTC). Leave it empty for a token that never expires."
      value={value}
      min={dateAfter(0)}
      max={dateAfter(3650)}
      onChange={(event) => onChange(event.target.value)}
    />
    <div role="group" aria-label="Expire in" className="flex flex-wrap gap-1.5">
      {presets.map(([label, days]) => (
        <Button key={days} size="small" onClick={() => onChange(dateAfter(days))}>
          {label}
        </Button>
      ))}
      {value !== '' && (
        <Button size="small" look="plain" onClick={() => onChange('')}>
          Never expires
        </Button>
      )}
    </div>
  </div>
)
