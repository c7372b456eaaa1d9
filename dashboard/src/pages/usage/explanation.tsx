// One request, explained: what was checked, what failed, what to do, and how the credential stands now.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Explanation } from '../../../../src/usage/explanation.ts'
import { api } from '../../api/client.ts'
import { Badge } from '../../kit/badge.tsx'
import { Button } from '../../kit/button.tsx'
import { Dialog, DialogBody, DialogFooter } from '../../kit/dialog.tsx'
import { CheckIcon, CloseIcon } from '../../kit/icons.tsx'
import { ErrorNotice, Notice } from '../../kit/notice.tsx'
import { count } from '../../kit/number.ts'
import { Facts } from '../../kit/page.tsx'
import { SkeletonLines } from '../../kit/skeleton.tsx'
import { Time } from '../../kit/time.tsx'
import type { Place } from './place.ts'
import { codeWords, credentialWords, kindWords } from './words.ts'

type CheckRow = Explanation['checks'][number]

const marks: Record<CheckRow['outcome'], { mark: ReactNode; look: string; words: string }> = {
  passed: { mark: <CheckIcon className="size-3.5" />, look: 'bg-good-soft text-good', words: 'Passed' },
  failed: { mark: <CloseIcon className="size-3.5" />, look: 'bg-bad-soft text-bad', words: 'Failed' },
  not_reached: { mark: null, look: 'border border-line', words: 'Not reached' },
}

const CheckItem = ({ title, outcome, detail }: CheckRow) => {
  const { mark, look, words } = marks[outcome]
  return (
    <li className="flex gap-2.5">
      <span aria-hidden="true" className={`mt-px grid size-5 shrink-0 place-items-center rounded-full ${look}`}>
        {mark}
      </span>
      <div className={`min-w-0 ${outcome === 'not_reached' ? 'text-quiet' : ''}`}>
        <span className="unseen">{words}: </span>
        <span className={outcome === 'failed' ? 'font-medium' : ''}>{title}</span>
        {outcome === 'not_reached' && <span aria-hidden="true"> · not reached</span>}
        {detail !== undefined && <p className="text-bad">{detail}</p>}
      </div>
    </li>
  )
}

const stateLooks = {
  active: 'good',
  revoked: 'bad',
  expired: 'bad',
  suspended: 'warn',
  gone: 'quiet',
} as const

const Now = ({ present: { state, text, limits } }: { present: NonNullable<Explanation['present']> }) => (
  <section className="grid gap-1.5">
    <h3 className="font-medium">Now</h3>
    <p>
      <Badge look={stateLooks[state]}>{state === 'gone' ? 'deleted' : state}</Badge> {text}
    </p>
    {limits.map(({ name, limit, remaining, reset }) => (
      <p key={name} className="text-quiet">
        {remaining >= limit ? (
          `Limit “${name}”: all ${count(limit)} are there again.`
        ) : (
          <>
            Limit “{name}”: {count(remaining)} of {count(limit)} left, all of them again <Time at={reset} />.
          </>
        )}
      </p>
    ))}
  </section>
)

const AboutRequest = ({ told, requests }: { told: Explanation; requests: string | undefined }) => {
  const { at, method, path, ip, user_agent, request_id, environment, credential_id, credential_kind } = told
  const credential = credentialWords({ name: told.credential_name, user_name: told.user_name, kind: credential_kind })
  const facts: (readonly [string, ReactNode])[] = [
    ['Time', <Time key="at" at={at} form="exact" />],
    [
      'Request',
      path === null ? (
        'Not known: the credential was checked through verify'
      ) : (
        <code key="r">{`${method ?? ''} ${path}`}</code>
      ),
    ],
    ['API', environment === null ? told.api : `${told.api}, ${environment}`],
    [
      'Credential',
      credential_id === null ? (
        'One that nobody here has'
      ) : requests === undefined ? (
        credential
      ) : (
        <span key="c">
          <Link to={requests} search={{ credential_id }} className="text-accent underline">
            {credential}
          </Link>{' '}
          <span className="text-quiet">{kindWords(credential_kind)}</span>
        </span>
      ),
    ],
    [
      'From',
      ip ?? (
        <span key="f" className="text-quiet">
          Not known
        </span>
      ),
    ],
    [
      'With',
      user_agent ?? (
        <span key="w" className="text-quiet">
          Not known
        </span>
      ),
    ],
  ]
  if (request_id !== null) facts.push(['Request id', <code key="i">{request_id}</code>])
  return <Facts facts={facts} />
}

export const ExplanationDialog = ({ id, place, onClose }: { id: string; place: Place; onClose: () => void }) => {
  const { data, error, refetch } = useQuery({
    queryKey: ['decisions', place.path, id],
    queryFn: ({ signal }) => api.get<Explanation>(`${place.path}/decisions/${id}`, undefined, signal),
  })
  const title = data ? (data.code === 'valid' ? 'Let in' : `Denied: ${codeWords(data.code).toLowerCase()}`) : 'Request'
  return (
    <Dialog title={title} onClose={onClose} width="wide">
      <DialogBody>
        {error && !data ? (
          <ErrorNotice error={error} again={() => void refetch()} />
        ) : data ? (
          <>
            {data.next !== null && (
              <Notice look="info" title="What to do">
                {data.next}
              </Notice>
            )}
            <section className="grid gap-2">
              <h3 className="font-medium">What was checked</h3>
              <ol className="grid gap-1.5">
                {data.checks.map((check) => (
                  <CheckItem key={check.check} {...check} />
                ))}
              </ol>
            </section>
            {data.present && <Now present={data.present} />}
            <section className="grid gap-2">
              <h3 className="font-medium">The request</h3>
              <AboutRequest told={data} requests={place.requests} />
            </section>
          </>
        ) : (
          <SkeletonLines count={8} />
        )}
      </DialogBody>
      <DialogFooter>
        <Button onClick={onClose}>Close</Button>
      </DialogFooter>
    </Dialog>
  )
}
