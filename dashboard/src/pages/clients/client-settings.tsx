// What may be changed of a client, in one form: what is sent is only what was changed.
import { type FormEvent, useState } from 'react'
import { api } from '../../api/client.ts'
import { Button } from '../../kit/button.tsx'
import { useAction } from '../../kit/dialog.tsx'
import { Checkbox, FieldGroup, Radio, Select, TextField } from '../../kit/field.tsx'
import { ErrorNotice } from '../../kit/notice.tsx'
import { Card, Section } from '../../kit/page.tsx'
import { toast } from '../../kit/toast.tsx'
import { type Draft, changesOf, draftOf, mistakesOf } from './draft.ts'
import { AccessFields, AddressesField, GrantsField } from './fields.tsx'
import { type Client, clientChanged, clientPath } from './queries.ts'

const Advanced = ({
  client,
  draft,
  mistakes,
  set,
}: {
  client: Client
  draft: Draft
  mistakes: Partial<Record<keyof Draft, string>>
  set: (changes: Partial<Draft>) => void
}) => (
  <details className="rounded-md border border-line px-3.5 py-2.5">
    <summary className="font-medium">More settings</summary>
    <div className="mt-3 grid gap-4">
      {!client.public && (
        <Select
          label="PKCE"
          hint="Leave it required, unless the software of the client knows no PKCE."
          value={draft.pkce}
          onChange={(event) => set({ pkce: event.target.value === 'optional' ? 'optional' : 'required' })}
        >
          <option value="required">Required</option>
          <option value="optional">Optional</option>
        </Select>
      )}
      <TextField
        label="Home page"
        optional
        type="url"
        hint="People are told its host when they are asked to allow the client."
        value={draft.uri}
        onChange={(event) => set({ uri: event.target.value })}
      />
      <AddressesField
        label="Post-logout redirect URIs"
        optional
        hint="Where people may be sent after they have signed out. One a line."
        value={draft.postLogoutRedirectUris}
        mistake={mistakes.postLogoutRedirectUris}
        onChange={(postLogoutRedirectUris) => set({ postLogoutRedirectUris })}
      />
      <FieldGroup legend="Protection">
        <Checkbox
          label="Bind tokens to a key (DPoP)"
          hint="It gets no tokens that work for whoever holds them."
          checked={draft.dpopBound}
          onChange={(event) => set({ dpopBound: event.target.checked })}
        />
        <Checkbox
          label="Require pushed requests (PAR)"
          hint="It must send its authorization requests to the server first."
          checked={draft.parRequired}
          onChange={(event) => set({ parRequired: event.target.checked })}
        />
      </FieldGroup>
      <FieldGroup legend="How it knows people">
        <Radio
          name="subject"
          label="By their ids"
          checked={draft.subjectType === 'public'}
          onChange={() => set({ subjectType: 'public' })}
        />
        <Radio
          name="subject"
          label="By ids of its own"
          hint="It cannot compare them with other clients."
          checked={draft.subjectType === 'pairwise'}
          onChange={() => set({ subjectType: 'pairwise' })}
        />
      </FieldGroup>
    </div>
  </details>
)

export const ClientSettings = ({ client }: { client: Client }) => {
  const [draft, setDraft] = useState(() => draftOf(client))
  const [tried, setTried] = useState(false)
  const found = mistakesOf(draft)
  const mistakes = tried ? found : {}
  const changes = changesOf(client, draft)
  const changed = Object.keys(changes).length > 0
  const set = (some: Partial<Draft>): void => setDraft({ ...draft, ...some })
  const { busy, error, run } = useAction(async () => {
    const saved = await api.patch<Client>(clientPath(client), changes)
    clientChanged(saved)
    setDraft(draftOf(saved))
    setTried(false)
    toast('Client saved.')
  })
  const save = (event: FormEvent): void => {
    event.preventDefault()
    setTried(true)
    if (Object.keys(found).length === 0 && changed) run()
  }
  const acts = draft.grants.includes('authorization_code')
  return (
    <Section title="Settings" lead="Changes hold at once, for tokens that it has too.">
      <Card>
        <form onSubmit={save} className="grid max-w-2xl gap-4">
          <TextField
            label="Name"
            value={draft.name}
            maxLength={200}
            mistake={mistakes.name}
            onChange={(event) => set({ name: event.target.value })}
          />
          <GrantsField
            value={draft.grants}
            isPublic={client.public}
            mistake={mistakes.grants}
            onChange={(grants) => set({ grants })}
          />
          {(acts || draft.redirectUris !== '') && (
            <AddressesField
              label="Redirect URIs"
              hint="One a line; compared letter by letter. People who allowed the client are asked again where one is added."
              value={draft.redirectUris}
              mistake={mistakes.redirectUris}
              onChange={(redirectUris) => set({ redirectUris })}
            />
          )}
          <AccessFields value={draft} mistakes={mistakes} onChange={set} />
          <Advanced client={client} draft={draft} mistakes={mistakes} set={set} />
          <ErrorNotice error={error} />
          <div className="flex flex-wrap gap-2">
            <Button type="submit" look="primary" busy={busy} disabled={!changed}>
              Save changes
            </Button>
            {changed && (
              <Button
                onClick={() => {
                  setDraft(draftOf(client))
                  setTried(false)
                }}
              >
                Undo
              </Button>
            )}
          </div>
        </form>
      </Card>
    </Section>
  )
}
