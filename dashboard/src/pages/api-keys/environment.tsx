// Live and test, never to be taken for each other: by a word, a colour, and how keys begin.
import { useDeployment } from '../../api/queries.ts'
import { Badge } from '../../kit/badge.tsx'

export const environmentWord = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1)

/** Whether it is the first of the configuration, where real data is and quotas are paid. */
const useIsPaid = (name: string): boolean => useDeployment().environments[0] === name

export const EnvironmentBadge = ({ name }: { name: string }) => (
  <Badge look={useIsPaid(name) ? 'good' : 'warn'}>{environmentWord(name)}</Badge>
)

/** What the keys of an environment are for. */
export const EnvironmentNote = ({ name }: { name: string }) => {
  const { key_prefix } = useDeployment()
  const paid = useIsPaid(name)
  return (
    <div
      className={`rounded-md border-l-4 px-3.5 py-2.5 ${paid ? 'border-good bg-good-soft' : 'border-warn bg-warn-soft'}`}
    >
      <p>
        <strong className={paid ? 'text-good' : 'text-warn'}>{environmentWord(name)} keys</strong> begin with{' '}
        <code>
          {key_prefix}_{name}_
        </code>
        {paid
          ? ' and work on real data; what they do counts towards the quota.'
          : ' and work on their own data alone; what they do is counted apart, and spends no paid quota.'}
      </p>
    </div>
  )
}
