// Chooses some of many things by searching for them: an editable combobox with a list (WAI-ARIA APG, combobox pattern); what is chosen stands
// below as a list from which it can be taken away again. Focus stays in the search box while the arrow keys go through what was found.
import { type KeyboardEvent, useEffect, useId, useLayoutEffect, useRef, useState } from 'react'
import { CheckIcon, CloseIcon, SearchIcon } from './icons.tsx'
import { announce } from './toast.tsx'

export interface Choosable {
  id: string
  name: string
}

export interface Found<T extends Choosable> {
  options: readonly T[]
  /** There is more than is shown: what is typed should say more. */
  more: boolean
}

const gap = 4
const most = 280

/** Below the box, or above it where there is more room; in the top layer, so that no dialog cuts it off. */
const place = (list: HTMLElement, box: HTMLElement): void => {
  const { left, top, bottom, width } = box.getBoundingClientRect()
  const below = window.innerHeight - bottom - gap - 8
  const above = top - gap - 8
  const under = below >= Math.min(most, list.scrollHeight) || below >= above
  const height = Math.min(most, under ? below : above)
  list.style.left = `${left}px`
  list.style.width = `${width}px`
  list.style.maxHeight = `${height}px`
  list.style.top = under ? `${bottom + gap}px` : `${top - gap - Math.min(height, list.scrollHeight)}px`
}

export const ChooseMany = <T extends Choosable>({
  label,
  hint,
  mistake,
  noun,
  placeholder,
  chosen,
  onChange,
  onType,
  found,
  busy,
}: {
  label: string
  hint?: string
  mistake?: string | undefined
  /** What one is called: `organization`. */
  noun: string
  placeholder: string
  chosen: readonly T[]
  onChange: (chosen: readonly T[]) => void
  /** Told what is searched for. */
  onType: (text: string) => void
  /** undefined: not here yet. */
  found: Found<T> | undefined
  /** Whether `found` is for what was typed before. */
  busy: boolean
}) => {
  const id = useId()
  const box = useRef<HTMLInputElement>(null)
  const list = useRef<HTMLDivElement>(null)
  const chips = useRef<HTMLUListElement>(null)
  const [text, setText] = useState('')
  const [open, setOpen] = useState(false)
  const [active, setActive] = useState(0)
  const options = found?.options ?? []
  const at = Math.min(active, options.length - 1)
  const isChosen = (option: T): boolean => chosen.some((one) => one.id === option.id)
  const optionId = (index: number): string => `${id}-option-${index}`

  useLayoutEffect(() => {
    const [surface, input] = [list.current, box.current]
    if (!open || !surface || !input) return
    if (!surface.matches(':popover-open')) surface.showPopover()
    place(surface, input)
    surface.querySelector('[data-active]')?.scrollIntoView({ block: 'nearest' })
  })
  useEffect(() => {
    if (!open) return
    const follow = (): void => {
      if (list.current && box.current) place(list.current, box.current)
    }
    window.addEventListener('resize', follow)
    window.addEventListener('scroll', follow, true)
    return () => {
      window.removeEventListener('resize', follow)
      window.removeEventListener('scroll', follow, true)
    }
  }, [open])
  useEffect(() => {
    if (open && found && !busy)
      announce(found.options.length === 0 ? `No ${noun} found.` : `${found.options.length} found.`)
  }, [open, found, busy, noun])

  const type = (typed: string): void => {
    setText(typed)
    setActive(0)
    setOpen(true)
    onType(typed)
  }
  const remove = (option: T): void => {
    onChange(chosen.filter((one) => one.id !== option.id))
    announce(`${option.name} removed.`)
  }
  const toggle = (option: T | undefined): void => {
    if (!option) return
    if (isChosen(option)) return remove(option)
    onChange([...chosen, option])
    announce(`${option.name} added.`)
    if (text !== '') type('')
  }
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined) {
      event.preventDefault()
      if (!open) return setOpen(true)
      if (options.length > 0) setActive((at + step + options.length) % options.length)
    } else if (event.key === 'Enter') {
      // never the form around it: somebody who searches is not done
      event.preventDefault()
      if (open && !busy) toggle(options[at])
      else setOpen(true)
    } else if (event.key === 'Escape' && open) {
      // closes the list alone, not the dialog around it
      event.preventDefault()
      event.stopPropagation()
      setOpen(false)
    }
  }
  /** Focus goes on to the next chip, so that several can be taken away one after the other. */
  const removeChip = (option: T, index: number): void => {
    remove(option)
    requestAnimationFrame(() => {
      const buttons = chips.current?.querySelectorAll('button') ?? []
      ;(buttons[Math.min(index, buttons.length - 1)] ?? box.current)?.focus()
    })
  }
  const described = [mistake && `${id}-mistake`, hint && `${id}-hint`].filter(Boolean).join(' ')
  return (
    <div>
      <label htmlFor={id} className="mb-1 block font-medium">
        {label}
      </label>
      <div className="relative">
        <SearchIcon className="pointer-events-none absolute top-1/2 left-3 size-4 -translate-y-1/2 text-quiet" />
        <input
          ref={box}
          id={id}
          type="text"
          role="combobox"
          aria-expanded={open}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={open && at >= 0 ? optionId(at) : undefined}
          aria-invalid={mistake !== undefined || undefined}
          aria-describedby={described || undefined}
          autoComplete="off"
          spellCheck={false}
          maxLength={100}
          placeholder={placeholder}
          value={text}
          onChange={(event) => type(event.target.value)}
          onKeyDown={onKeyDown}
          onClick={() => setOpen(true)}
          onBlur={() => setOpen(false)}
          className="field pl-9"
        />
      </div>
      <div
        ref={list}
        id={`${id}-list`}
        role="listbox"
        aria-label={label}
        aria-multiselectable="true"
        popover="manual"
        hidden={!open}
        className={`fixed inset-auto m-0 overflow-y-auto rounded-lg border border-line bg-card p-1.5 text-text shadow-raised ${busy ? 'opacity-60' : ''}`}
      >
        {options.map((option, index) => (
          <div
            key={option.id}
            id={optionId(index)}
            role="option"
            tabIndex={-1}
            aria-selected={isChosen(option)}
            data-active={index === at || undefined}
            // focus stays in the box
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => toggle(option)}
            className="flex cursor-pointer items-center gap-2 rounded-md px-2.5 py-1.5 hover:bg-sunken data-active:bg-accent-soft pointer-coarse:min-h-11"
          >
            <span className="min-w-0 flex-1">{option.name}</span>
            {isChosen(option) && <CheckIcon className="size-4 text-accent" />}
          </div>
        ))}
        {options.length === 0 && (
          <div role="presentation" className="px-2.5 py-1.5 text-quiet">
            {found ? `No ${noun} has “${text}” in its name.` : 'Searching…'}
          </div>
        )}
        {found?.more && (
          <div role="presentation" className="px-2.5 py-1.5 text-sm text-quiet">
            There are more: type a part of the name.
          </div>
        )}
      </div>
      {mistake !== undefined && (
        <p id={`${id}-mistake`} className="mt-1 text-sm font-medium text-bad">
          {mistake}
        </p>
      )}
      {hint !== undefined && (
        <p id={`${id}-hint`} className="mt-1 text-sm text-quiet">
          {hint}
        </p>
      )}
      {chosen.length > 0 && (
        <ul ref={chips} aria-label={`Chosen ${noun}s`} className="mt-2 flex flex-wrap gap-1.5">
          {chosen.map((option, index) => (
            <li
              key={option.id}
              className="inline-flex max-w-full items-center gap-1 rounded-md border border-line bg-sunken pl-2 text-sm"
            >
              <span className="min-w-0 truncate py-1" title={option.name}>
                {option.name}
              </span>
              <button
                type="button"
                aria-label={`Remove ${option.name}`}
                onClick={() => removeChip(option, index)}
                className="grid size-7 place-items-center rounded-md text-quiet hover:text-text pointer-coarse:size-11"
              >
                <CloseIcon className="size-3.5" />
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
