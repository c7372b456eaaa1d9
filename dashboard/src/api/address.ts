// What is searched and filtered for stands in the address, so that it can be kept, sent and gone back to.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback } from 'react'

/** A parameter of the address: '' where it is not there. Setting it keeps the others and adds nothing to the history. */
export const useAddress = (name: string): [value: string, set: (value: string) => void] => {
  const search = useSearch({ strict: false })
  const navigate = useNavigate()
  const set = useCallback(
    (value: string) =>
      void navigate({
        to: '.',
        search: (present) => ({ ...present, [name]: value === '' ? undefined : value }),
        replace: true,
        resetScroll: false,
      }),
    [name, navigate],
  )
  return [search[name] ?? '', set]
}
