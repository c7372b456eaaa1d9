// Recovery codes: shown once, to be kept where a lost phone does not take them along.
import { useState } from 'react'
import { api } from '../../api/client.ts'
import { Button } from '../../kit/button.tsx'
import { ConfirmDanger } from '../../kit/confirm-danger.tsx'
import { Dialog, DialogBody, DialogFooter } from '../../kit/dialog.tsx'
import { Notice } from '../../kit/notice.tsx'
import { CodeBlock } from '../../kit/secret.tsx'
import { learnAccount } from './queries.ts'

export const RecoveryCodesDialog = ({ codes, onClose }: { codes: readonly string[]; onClose: () => void }) => {
  const [kept, setKept] = useState(false)
  const [warned, setWarned] = useState(false)
  const leave = (): void => (kept || warned ? onClose() : setWarned(true))
  return (
    <Dialog title="Keep your recovery codes" onClose={leave}>
      <DialogBody>
        <p>
          If you lose your phone or passkey, each of these signs you in once in its place. They are shown this one time.
          Print them, or put them in a password manager.
        </p>
        <div onCopy={() => setKept(true)}>
          <CodeBlock text={codes.join('\n')} label="recovery codes" onCopy={() => setKept(true)} />
        </div>
        {warned && !kept && (
          <Notice look="warn" role="alert" title="You have not copied the codes.">
            Without them, whoever loses their second factor needs an operator to get in again.
          </Notice>
        )}
      </DialogBody>
      <DialogFooter>
        <Button look={kept ? 'primary' : 'secondary'} onClick={leave}>
          {warned && !kept ? 'Close without copying' : 'Done'}
        </Button>
      </DialogFooter>
    </Dialog>
  )
}

const words = (left: number): string => {
  if (left === 0) return 'You have none left. Make new ones before you need one.'
  return left === 1 ? 'One code is left.' : `${left} codes are left.`
}

export const RecoveryCodes = ({ left, onCodes }: { left: number; onCodes: (codes: readonly string[]) => void }) => {
  const [asking, setAsking] = useState(false)
  const make = async (): Promise<void> => {
    const { recovery_codes } = await api.post<{ recovery_codes: string[] }>('/account/recovery-codes')
    await learnAccount()
    onCodes(recovery_codes)
  }
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
      <div className="min-w-0 flex-1 basis-72">
        <h3 className="font-medium">Recovery codes</h3>
        <p className={left < 3 ? 'text-warn' : 'text-quiet'}>{words(left)}</p>
      </div>
      <Button onClick={() => setAsking(true)}>Make new codes</Button>
      {asking && (
        <ConfirmDanger
          title="Make new recovery codes?"
          action="Make new codes"
          onConfirm={make}
          onClose={() => setAsking(false)}
        >
          <p>The codes that you have now stop working. The new ones are shown once.</p>
        </ConfirmDanger>
      )}
    </div>
  )
}
