// Which alerts a webhook is sent: all, or those chosen.
import { useQuery } from '@tanstack/react-query'
import type { AlertSettingsJson } from '../../../../src/alerts/settings.ts'
import { api } from '../../api/client.ts'
import { Checkbox, FieldGroup, Radio } from '../../kit/field.tsx'

export const useEventLabels = (organizationId: string): readonly { kind: string; label: string }[] =>
  useQuery({
    queryKey: ['alert-settings', organizationId],
    queryFn: ({ signal }) =>
      api.get<AlertSettingsJson>(`/organizations/${organizationId}/alert-settings`, undefined, signal),
  }).data?.kinds ?? []

export const EventChoice = ({
  organizationId,
  value,
  onChange,
}: {
  organizationId: string
  /** null: all. */
  value: readonly string[] | null
  onChange: (value: readonly string[] | null) => void
}) => {
  const labels = useEventLabels(organizationId)
  return (
    <FieldGroup legend="Events">
      <Radio name="which" label="All alerts" checked={value === null} onChange={() => onChange(null)} />
      <Radio name="which" label="Only these" checked={value !== null} onChange={() => onChange([])} />
      {value !== null && (
        <div className="grid gap-2 pl-6">
          {labels.map(({ kind, label }) => (
            <Checkbox
              key={kind}
              label={label}
              checked={value.includes(kind)}
              onChange={(event) =>
                onChange(event.target.checked ? [...value, kind] : value.filter((other) => other !== kind))
              }
            />
          ))}
        </div>
      )}
    </FieldGroup>
  )
}
