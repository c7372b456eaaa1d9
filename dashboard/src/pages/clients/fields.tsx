// Fields that the forms of a client have alike.
import { type ReactNode, useState } from 'react'
import type { DescribedApi } from '../../api/curl.ts'
import { useDeployment } from '../../api/queries.ts'
import { Checkbox, FieldGroup, Radio, TextArea } from '../../kit/field.tsx'
import { addressesMistake, grantWords } from './draft.ts'

/** Addresses, one a line; what is wrong with a line is told once the field is left. */
export const AddressesField = ({
  label,
  hint,
  value,
  mistake,
  optional = false,
  onChange,
}: {
  label: string
  hint: ReactNode
  value: string
  /** Of the whole form: told whatever has been left. */
  mistake?: string | undefined
  optional?: boolean
  onChange: (text: string) => void
}) => {
  const [left, setLeft] = useState(false)
  return (
    <TextArea
      label={label}
      hint={hint}
      optional={optional}
      rows={3}
      spellCheck={false}
      autoCapitalize="off"
      placeholder="https://app.example.com/callback"
      className="font-mono"
      value={value}
      mistake={mistake ?? (left ? addressesMistake(value) : undefined)}
      onBlur={() => setLeft(true)}
      onChange={(event) => onChange(event.target.value)}
    />
  )
}

const ticked = (list: readonly string[], entry: string, on: boolean): string[] =>
  on ? [...list, entry] : list.filter((one) => one !== entry)

/** All of them, or those that are ticked. */
const AllOrSome = ({
  legend,
  name,
  all,
  some,
  value,
  options,
  mistake,
  onChange,
}: {
  legend: string
  name: string
  all: string
  some: string
  value: readonly string[] | null
  options: readonly (readonly [id: string, hint: ReactNode])[]
  mistake?: string | undefined
  onChange: (value: readonly string[] | null) => void
}) => (
  <FieldGroup legend={legend} mistake={mistake}>
    <Radio name={name} label={all} checked={value === null} onChange={() => onChange(null)} />
    <Radio name={name} label={some} checked={value !== null} onChange={() => onChange([])} />
    {value !== null && (
      <div role="group" aria-label={some} className="ml-6.5 grid gap-2">
        {options.map(([id, hint]) => (
          <Checkbox
            key={id}
            label={<code>{id}</code>}
            hint={hint}
            checked={value.includes(id)}
            onChange={(event) => onChange(ticked(value, id, event.target.checked))}
          />
        ))}
      </div>
    )}
  </FieldGroup>
)

/** The scopes of these APIs with their words, each once; those that are held already stay, whatever they are. */
const scopesOf = (
  apis: readonly DescribedApi[],
  held: readonly string[],
): (readonly [string, string | undefined])[] => [
  ...new Map<string, string | undefined>([
    ...held.map((scope) => [scope, undefined] as const),
    ...apis.flatMap(({ scopes }) => scopes.map(({ name, description }) => [name, description] as const)),
  ]),
]

export interface Access {
  apis: readonly string[] | null
  scopes: readonly string[] | null
}

/** Which APIs its tokens are for, and what they may do there. */
export const AccessFields = ({
  value,
  mistakes,
  onChange,
}: {
  value: Access
  mistakes: { apis?: string; scopes?: string }
  onChange: (value: Access) => void
}) => {
  const { apis: all } = useDeployment()
  const [held] = useState(value.scopes ?? [])
  const { apis, scopes } = value
  const reached = apis === null ? all : all.filter(({ name }) => apis.includes(name))
  return (
    <>
      <AllOrSome
        legend="APIs"
        name="apis"
        all="All APIs"
        some="Only these APIs"
        value={apis}
        options={all.map(({ name, url }) => [name, url ?? undefined])}
        mistake={mistakes.apis}
        onChange={(next) => onChange({ ...value, apis: next })}
      />
      <AllOrSome
        legend="Scopes"
        name="scopes"
        all="All that these APIs offer"
        some="Only these scopes"
        value={scopes}
        options={scopesOf(reached, held)}
        mistake={mistakes.scopes}
        onChange={(next) => onChange({ ...value, scopes: next })}
      />
    </>
  )
}

export const GrantsField = ({
  value,
  isPublic,
  mistake,
  onChange,
}: {
  value: readonly string[]
  isPublic: boolean
  mistake?: string | undefined
  onChange: (grants: readonly string[]) => void
}) => (
  <FieldGroup legend="Grants" hint="The ways in which it gets tokens." mistake={mistake}>
    {Object.entries(grantWords)
      // RFC 6749 §4.4: for those that can keep a secret alone
      .filter(([grant]) => !isPublic || grant !== 'client_credentials')
      .map(([grant, [name, meaning]]) => (
        <Checkbox
          key={grant}
          label={name}
          hint={meaning}
          checked={value.includes(grant)}
          onChange={(event) => onChange(ticked(value, grant, event.target.checked))}
        />
      ))}
  </FieldGroup>
)
