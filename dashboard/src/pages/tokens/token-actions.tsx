// What can be done to one's token: rename it, replace it, end it.
import { useState } from 'react'
import { api } from '../../api/client.ts'
import { ConfirmDanger } from '../../kit/confirm-danger.tsx'
import { FormDialog } from '../../kit/dialog.tsx'
import { Select, TextField } from '../../kit/field.tsx'
import { MoreIcon } from '../../kit/icons.tsx'
import { buttonClass } from '../../kit/button.tsx'
import { MenuButton, Popover } from '../../kit/menu.tsx'
import { toast } from '../../kit/toast.tsx'
import { CredentialUse, WhatBreaks } from '../usage/credential-use.tsx'
import { OverlapOptions, defaultOverlap } from './overlap.tsx'
import { type NewToken, type Token, tokensChanged } from './queries.ts'
import { TokenSecret } from './token-secret.tsx'

const RenameDialog = ({ token, onClose }: { token: Token; onClose: () => void }) => {
  const [name, setName] = useState(token.name)
  return (
    <FormDialog
      title="Rename API token"
      submit="Rename"
      ready={name.trim() !== ''}
      onClose={onClose}
      onSubmit={async () => {
        await api.patch(`/account/tokens/${token.id}`, { name: name.trim() })
        tokensChanged()
        toast('Token renamed.')
        onClose()
      }}
    >
      <TextField
        label="Name"
        value={name}
        maxLength={200}
        autoFocus
        onChange={(event) => setName(event.target.value)}
      />
    </FormDialog>
  )
}

const RotateDialog = ({ token, onClose }: { token: Token; onClose: () => void }) => {
  const [overlap, setOverlap] = useState(defaultOverlap)
  const [made, setMade] = useState<NewToken>()
  if (made) return <TokenSecret title="Copy your new API token" token={made.token} onClose={onClose} />
  return (
    <FormDialog
      title={`Rotate ${token.name}`}
      submit="Rotate token"
      onClose={onClose}
      onSubmit={async () => {
        const body = { overlap_seconds: Number(overlap) }
        const next = await api.post<NewToken>(`/account/tokens/${token.id}/rotate`, body)
        tokensChanged()
        setMade(next)
      }}
    >
      <p>A new value takes its place, with the same name, organizations, expiration and limit.</p>
      <Select
        label="The old value stops working"
        hint="Until then both work: move your integrations over meanwhile."
        value={overlap}
        onChange={(event) => setOverlap(event.target.value)}
      >
        <OverlapOptions />
      </Select>
      <CredentialUse path={`/account/tokens/${token.id}`} />
    </FormDialog>
  )
}

const RevokeDialog = ({ token, onClose }: { token: Token; onClose: () => void }) => (
  <ConfirmDanger
    title={`Revoke ${token.name}?`}
    action="Revoke token"
    onClose={onClose}
    onConfirm={async () => {
      await api.delete(`/account/tokens/${token.id}`)
      tokensChanged()
      toast('Token revoked.')
    }}
  >
    <p>
      It stops working immediately, and any integration that uses it is denied access on its next request. It cannot be
      brought back.
    </p>
    <WhatBreaks path={`/account/tokens/${token.id}`} noun="token" />
  </ConfirmDanger>
)

const dialogs = { rename: RenameDialog, rotate: RotateDialog, revoke: RevokeDialog }

/** One that has ended has nothing to be done to it but to be told apart. */
export const TokenActions = ({ token }: { token: Token }) => {
  const [doing, setDoing] = useState<keyof typeof dialogs>()
  const Shown = doing && dialogs[doing]
  const active = token.state === 'active'
  return (
    <>
      <Popover
        button={<MoreIcon />}
        label={`Actions for ${token.name}`}
        className={buttonClass({ look: 'plain', size: 'small' })}
        side="right"
        width="w-44"
      >
        {(close) => {
          const start = (what: keyof typeof dialogs) => () => {
            close()
            setDoing(what)
          }
          return (
            <>
              <MenuButton onClick={start('rename')}>Rename</MenuButton>
              {active && <MenuButton onClick={start('rotate')}>Rotate</MenuButton>}
              {token.state !== 'revoked' && (
                <MenuButton danger onClick={start('revoke')}>
                  Revoke
                </MenuButton>
              )}
            </>
          )
        }}
      </Popover>
      {Shown && <Shown token={token} onClose={() => setDoing(undefined)} />}
    </>
  )
}
