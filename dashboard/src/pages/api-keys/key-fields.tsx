// Fields of the dialogs that make and change keys: what a key may do, where, from where, and until when.
import { useState } from 'react'
import type { Role } from '../../../../src/store/schema.ts'
import { ApiError } from '../../api/client.ts'
import { useDeployment } from '../../api/queries.ts'
import { Checkbox, FieldGroup, Radio, Select, TextArea, TextField } from '../../kit/field.tsx'
import { dayOf } from '../../kit/time.tsx'
import { useOfferedScopes } from './keys.ts'

const toggled = (list: readonly string[], name: string, on: boolean): string[] =>
  on ? [...list.filter((other) => other !== name), name] : list.filter((other) => other !== name)

/** `value` null: all that the role covers. `more`: scopes that the key has besides those on offer. */
export const ScopesField = ({
  value,
  onChange,
  held,
  role,
  more = [],
  wholeLabel,
}: {
  value: readonly string[] | null
  onChange: (scopes: string[] | null) => void
  held: readonly string[] | null
  role: Role
  more?: readonly string[]
  /** undefined: it has to be said which. */
  wholeLabel: string | undefined
}) => {
  const offered = useOfferedScopes(held, role)
  const given = offered.filter(({ covered }) => covered).map(({ name }) => name)
  const extra = more.filter((name) => !offered.some((scope) => scope.name === name))
  return (
    <FieldGroup legend="Permissions">
      {wholeLabel !== undefined && (
        <>
          <Radio name="permissions" label={wholeLabel} checked={value === null} onChange={() => onChange(null)} />
          <Radio
            name="permissions"
            label="Only what is ticked"
            checked={value !== null}
            onChange={() => onChange(value === null ? [...given, ...extra] : [...value])}
          />
        </>
      )}
      {value !== null && (
        <div className={`grid gap-2 ${wholeLabel === undefined ? '' : 'pl-6.5'}`}>
          {offered.map(({ name, description, covered }) => (
            <Checkbox
              key={name}
              label={
                <>
                  {description} <code className="text-quiet">{name}</code>
                </>
              }
              hint={covered || value.includes(name) ? undefined : 'Your role does not cover this everywhere.'}
              disabled={!covered && !value.includes(name)}
              checked={value.includes(name)}
              onChange={(event) => onChange(toggled(value, name, event.target.checked))}
            />
          ))}
          {extra.map((name) => (
            <Checkbox
              key={name}
              label={<code>{name}</code>}
              hint="Given by an operator."
              checked={value.includes(name)}
              onChange={(event) => onChange(toggled(value, name, event.target.checked))}
            />
          ))}
        </div>
      )}
    </FieldGroup>
  )
}

/** `value` null: all. Nothing to choose where there is but one API. */
export const ApisField = ({
  value,
  onChange,
}: {
  value: readonly string[] | null
  onChange: (apis: string[] | null) => void
}) => {
  const { apis } = useDeployment()
  const fitting = apis.filter(({ accepts }) =>
    accepts.some((kind) => kind === 'api_key' || kind === 'jwt' || kind === 'cwt'),
  )
  if (fitting.length < 2) return null
  return (
    <FieldGroup legend="APIs">
      <Radio name="apis" label="All APIs" checked={value === null} onChange={() => onChange(null)} />
      <Radio
        name="apis"
        label="Only some"
        checked={value !== null}
        onChange={() => onChange(value === null ? [] : [...value])}
      />
      {value !== null && (
        <div className="grid gap-2 pl-6.5 sm:grid-cols-2">
          {fitting.map(({ name }) => (
            <Checkbox
              key={name}
              label={name}
              checked={value.includes(name)}
              onChange={(event) => onChange(toggled(value, name, event.target.checked))}
            />
          ))}
        </div>
      )}
    </FieldGroup>
  )
}

const day = 86_400

/** Seconds by the words of the choice. */
const presets = [
  ['7', '7 days'],
  ['30', '30 days'],
  ['90', '90 days'],
  ['365', '1 year'],
] as const

export type Expiry = { days: string; date: string }

export const noExpiry: Expiry = { days: 'never', date: '' }

/** The end of a local day. */
const endOf = (date: string): Date => new Date(new Date(`${date}T00:00:00`).getTime() + day * 1000)

export const expiryBody = ({ days, date }: Expiry): { expires_in?: number; expires_at?: string } => {
  if (days === 'never') return {}
  return days === 'date' ? { expires_at: endOf(date).toISOString() } : { expires_in: Number(days) * day }
}

const localDay = (at: number): string => {
  const date = new Date(at)
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()]
    .map((part) => String(part).padStart(2, '0'))
    .join('-')
}

export const ExpiryField = ({ value, onChange }: { value: Expiry; onChange: (expiry: Expiry) => void }) => {
  const { days, date } = value
  const [now] = useState(() => Date.now())
  return (
    <div className="grid gap-3 sm:grid-cols-2 sm:items-start">
      <Select
        label="Expires"
        value={days}
        onChange={(event) => onChange({ ...value, days: event.target.value })}
        hint={
          days === 'never'
            ? 'It works until it is revoked.'
            : days === 'date'
              ? undefined
              : `On ${dayOf(now + Number(days) * day * 1000)}.`
        }
      >
        <option value="never">Never</option>
        {presets.map(([number, words]) => (
          <option key={number} value={number}>
            In {words}
          </option>
        ))}
        <option value="date">On a date …</option>
      </Select>
      {days === 'date' && (
        <TextField
          label="Last day"
          type="date"
          required
          min={localDay(now)}
          value={date}
          onChange={(event) => onChange({ ...value, date: event.target.value })}
        />
      )}
    </div>
  )
}

/** An entry a line; undefined: there is none. */
export const networksOf = (text: string): string[] | undefined => {
  const entries = text
    .split(/[\n,]/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
  return entries.length > 0 ? entries : undefined
}

/** Asks; a mistake in the list of networks is told by its line. */
export const withNetworkMistakes = async <T,>(ask: () => Promise<T>): Promise<T> => {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof ApiError) || !error.message.includes('networks[')) throw error
    const message = error.message.replaceAll(/networks\[(\d+)\]/g, (_, index) => `Entry ${Number(index) + 1},`)
    throw new ApiError(error.status, error.code, message, error.requestId)
  }
}

export const NetworksField = ({ value, onChange }: { value: string; onChange: (text: string) => void }) => (
  <TextArea
    label="Allowed networks"
    optional
    rows={2}
    spellCheck={false}
    className="font-mono"
    placeholder={'203.0.113.0/24\n2001:db8::/32'}
    value={value}
    onChange={(event) => onChange(event.target.value)}
    hint="Addresses and networks (CIDR) that the key may be used from, one a line. Empty: from anywhere."
  />
)
