// Adds organizations by searching for them: somebody may be in thousands.
import { useEffect, useState } from 'react'
import { type Choosable, ChooseMany } from '../../kit/choose-many.tsx'
import { useOrganizationSearch } from './queries.ts'

const waitMs = 150

/** What was typed, once nothing has been typed for a moment. */
const useSettled = (text: string): string => {
  const [settled, setSettled] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), waitMs)
    return () => clearTimeout(timer)
  }, [text])
  return settled
}

export const OrganizationPicker = ({
  chosen,
  onChange,
  mistake,
}: {
  chosen: readonly Choosable[]
  onChange: (chosen: readonly Choosable[]) => void
  mistake?: string | undefined
}) => {
  const [text, setText] = useState('')
  const settled = useSettled(text)
  const { data, isPlaceholderData } = useOrganizationSearch(settled)
  return (
    <ChooseMany
      label="Add organizations"
      noun="organization"
      placeholder="Search for an organization"
      hint="The token reaches these, for as long as you are a member of them."
      mistake={mistake}
      chosen={chosen}
      onChange={onChange}
      onType={setText}
      found={
        data && {
          options: data.data.map(({ id, name }) => ({ id, name })),
          more: data.next_cursor !== null,
        }
      }
      busy={isPlaceholderData || settled !== text}
    />
  )
}
