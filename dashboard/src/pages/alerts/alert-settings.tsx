// What an organization is alerted of, from what on, and what comes by e-mail.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { AlertSettingsJson, Thresholds } from '../../../../src/alerts/settings.ts'
import { api } from '../../api/client.ts'
import { FormDialog } from '../../kit/dialog.tsx'
import { TextField } from '../../kit/field.tsx'
import { ErrorNotice } from '../../kit/notice.tsx'
import { SkeletonLines } from '../../kit/skeleton.tsx'
import { toast } from '../../kit/toast.tsx'

const thresholds: readonly (readonly [name: keyof Thresholds, label: string, least: number, most: number])[] = [
  ['quota_percent', 'Part of a month’s quota, in %', 50, 99],
  ['expiring_days', 'Days before a credential ends', 1, 30],
  ['unused_days', 'Days without use', 30, 365],
  ['failing_count', 'Refused requests within two hours, at least', 10, 1_000_000],
  ['failing_percent', 'and their part of all requests, in %', 1, 100],
]

const Form = ({ settings }: { settings: AlertSettingsJson }) => {
  const [kinds, setKinds] = useState(settings.kinds)
  const set = (kind: string, change: { raised?: boolean; email?: boolean }): void =>
    setKinds(kinds.map((one) => (one.kind === kind ? { ...one, ...change } : one)))
  return (
    <>
      <input
        type="hidden"
        name="kinds"
        value={JSON.stringify(
          kinds.filter(({ optional }) => optional).map(({ kind, raised, email }) => ({ kind, raised, email })),
        )}
      />
      <table className="w-full border-collapse">
        <caption className="unseen">What you are alerted of</caption>
        <thead>
          <tr className="border-b border-line text-sm text-quiet">
            <th scope="col" className="py-1.5 text-left font-medium">
              Alert
            </th>
            <th scope="col" className="px-3 py-1.5 font-medium">
              On
            </th>
            <th scope="col" className="px-3 py-1.5 font-medium">
              E-mail
            </th>
          </tr>
        </thead>
        <tbody>
          {kinds.map(({ kind, label, optional, raised, email }) => (
            <tr key={kind} className="not-first:border-t border-line">
              <th scope="row" className="py-2 text-left font-normal">
                {label}
              </th>
              <td className="px-3 text-center">
                <input
                  type="checkbox"
                  aria-label={`${label}: on`}
                  className="size-4 align-middle"
                  checked={raised}
                  disabled={!optional}
                  onChange={(event) => set(kind, { raised: event.target.checked, email: event.target.checked })}
                />
              </td>
              <td className="px-3 text-center">
                <input
                  type="checkbox"
                  aria-label={`${label}: by e-mail`}
                  className="size-4 align-middle"
                  checked={email}
                  disabled={!optional || !raised}
                  onChange={(event) => set(kind, { email: event.target.checked })}
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <div className="grid gap-3 sm:grid-cols-2">
        {thresholds.map(([name, label, min, max]) => (
          <TextField
            key={name}
            name={name}
            label={label}
            type="number"
            inputMode="numeric"
            min={min}
            max={max}
            required
            defaultValue={settings[name]}
          />
        ))}
      </div>
    </>
  )
}

export const AlertSettingsDialog = ({ organizationId, onClose }: { organizationId: string; onClose: () => void }) => {
  const path = `/organizations/${organizationId}/alert-settings`
  const client = useQueryClient()
  const { data, error, refetch } = useQuery({
    queryKey: ['alert-settings', organizationId],
    queryFn: ({ signal }) => api.get<AlertSettingsJson>(path, undefined, signal),
  })
  const save = async (form: FormData): Promise<void> => {
    const numbers = Object.fromEntries(thresholds.map(([name]) => [name, Number(form.get(name))]))
    const after = await api.patch<AlertSettingsJson>(path, {
      ...numbers,
      kinds: JSON.parse(form.get('kinds') as string) as unknown,
    })
    client.setQueryData(['alert-settings', organizationId], after)
    toast('Alert settings saved.')
    onClose()
  }
  return (
    <FormDialog
      title="Alert settings"
      submit="Save settings"
      width="wide"
      ready={data !== undefined}
      onSubmit={save}
      onClose={onClose}
    >
      <p className="text-quiet">
        Owners and admins get alerts by e-mail. Webhooks have their own choice, under Settings.
      </p>
      <ErrorNotice error={error} again={() => void refetch()} />
      {data ? <Form settings={data} /> : !error && <SkeletonLines count={8} />}
    </FormDialog>
  )
}
