// A search box: what is typed is looked for a moment after the last key.
import { type InputHTMLAttributes, useEffect, useRef, useState } from 'react'
import { SearchIcon } from './icons.tsx'

const waitMs = 200

export const Search = ({
  label,
  value,
  onSearch,
  className = 'w-full sm:w-72',
  ...rest
}: {
  /** What is searched: `Search API keys`. */
  label: string
  value: string
  onSearch: (text: string) => void
} & Omit<InputHTMLAttributes<HTMLInputElement>, 'value' | 'onChange' | 'type'>) => {
  const [text, setText] = useState(value)
  const told = useRef(value)
  useEffect(() => {
    if (text === told.current) return
    const timer = setTimeout(() => {
      told.current = text
      onSearch(text)
    }, waitMs)
    return () => clearTimeout(timer)
  }, [text, onSearch])
  // somebody else has changed it, as by leaving a page and coming back
  useEffect(() => {
    if (value === told.current) return
    told.current = value
    setText(value)
  }, [value])
  return (
    <div role="search" className={`relative ${className}`}>
      <SearchIcon className="pointer-events-none absolute top-1/2 left-3 size-4 -translate-y-1/2 text-quiet" />
      <input
        autoComplete="off"
        spellCheck={false}
        maxLength={100}
        placeholder={label}
        {...rest}
        type="search"
        aria-label={label}
        value={text}
        onChange={(event) => setText(event.target.value)}
        className="field pl-9"
      />
    </div>
  )
}
