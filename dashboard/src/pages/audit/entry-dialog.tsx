// One entry of the audit trail with all that is known of it.
import type { AuditEntry } from '../../../../src/audit/list.ts'
import { Button } from '../../kit/button.tsx'
import { CopyButton } from '../../kit/copy-button.tsx'
import { Dialog, DialogBody, DialogFooter } from '../../kit/dialog.tsx'
import { Facts } from '../../kit/page.tsx'
import { Time } from '../../kit/time.tsx'
import { actionInWords, kindInWords } from './words.ts'

const Id = ({ id, label }: { id: string; label: string }) => (
  <span className="flex items-center gap-1">
    <code className="min-w-0 break-all text-quiet">{id}</code>
    <CopyButton text={id} label={label} compact />
  </span>
)

const Named = ({ kind, name, id, label }: { kind: string; name: string | null; id: string; label: string }) => (
  <>
    {kindInWords(kind)}
    {name !== null && <> “{name}”</>}
    <Id id={id} label={label} />
  </>
)

export const EntryDialog = ({
  entry,
  onFilter,
  onClose,
}: {
  entry: AuditEntry
  /** Shows everything about the same thing, or by the same actor. */
  onFilter: (filter: Record<string, string>) => void
  onClose: () => void
}) => (
  <Dialog title={actionInWords(entry.action)} onClose={onClose} width="wide">
    <DialogBody>
      <Facts
        facts={[
          ['When', <Time key="at" at={entry.at} form="exact" />],
          ['Action', <code key="action">{entry.action}</code>],
          [
            'Target',
            <Named
              key="target"
              kind={entry.target_kind}
              name={entry.target_name}
              id={entry.target_id}
              label="target id"
            />,
          ],
          ...(entry.user_id === null
            ? []
            : ([
                [
                  'Person',
                  <span key="person">
                    {entry.user_name ?? 'Somebody who is gone'}
                    <Id id={entry.user_id} label="person’s id" />
                  </span>,
                ],
              ] as const)),
          [
            'By means of',
            <Named key="actor" kind={entry.actor_kind} name={entry.actor_name} id={entry.actor_id} label="actor id" />,
          ],
          ['From', entry.ip ?? 'this server'],
          ...(entry.request_id === null
            ? []
            : ([['Request', <Id key="request" id={entry.request_id} label="request id" />]] as const)),
        ]}
      />
      {entry.detail !== null && (
        <pre
          tabIndex={0}
          role="group"
          aria-label="Details"
          className="max-h-64 overflow-auto rounded-md border border-line bg-sunken px-3 py-2.5 font-mono text-sm break-all whitespace-pre-wrap"
        >
          {JSON.stringify(entry.detail, null, 2)}
        </pre>
      )}
    </DialogBody>
    <DialogFooter>
      <Button onClick={() => onFilter({ target_id: entry.target_id })}>All about this target</Button>
      <Button onClick={() => onFilter({ actor_id: entry.actor_id })}>All by this actor</Button>
      <Button look="primary" onClick={onClose}>
        Done
      </Button>
    </DialogFooter>
  </Dialog>
)
