// Buttons, and links that look like them.
import { type LinkComponent, createLink } from '@tanstack/react-router'
import type { AnchorHTMLAttributes, ButtonHTMLAttributes, Ref } from 'react'

/** `primary`: the one thing that a page or dialog is for. `danger`: takes something away. `plain`: among others, in rows and bars. */
export type ButtonLook = 'primary' | 'secondary' | 'danger' | 'plain'

const looks: Record<ButtonLook, string> = {
  primary: 'border-transparent bg-accent text-on-accent hover:bg-accent-strong',
  secondary: 'border-edge bg-card text-text hover:bg-sunken',
  danger: 'border-bad bg-card text-bad hover:bg-bad-soft',
  plain: 'border-transparent bg-transparent text-text hover:bg-sunken',
}

const sizes = { normal: 'min-h-9 px-3.5 text-base', small: 'min-h-8 px-2.5 text-sm' }

interface Look {
  look?: ButtonLook
  size?: keyof typeof sizes
}

export const buttonClass = ({ look = 'secondary', size = 'normal' }: Look = {}): string =>
  `inline-flex items-center justify-center gap-1.5 rounded-md border font-medium no-underline transition-colors disabled:cursor-not-allowed disabled:opacity-55 pointer-coarse:min-h-11 ${looks[look]} ${sizes[size]}`

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement>, Look {
  /** What it has been told to do is not done yet: it stays where focus is, but does nothing. */
  busy?: boolean
  ref?: Ref<HTMLButtonElement>
}

export const Button = ({
  look,
  size,
  busy = false,
  className = '',
  onClick,
  type = 'button',
  ...rest
}: ButtonProps) => (
  <button
    // eslint-disable-next-line react/button-has-type
    type={busy && type === 'submit' ? 'button' : type}
    aria-disabled={busy || undefined}
    onClick={busy ? undefined : onClick}
    className={`${buttonClass({ ...(look && { look }), ...(size && { size }) })} ${busy ? 'opacity-55' : ''} ${className}`}
    {...rest}
  />
)

interface AnchorProps extends AnchorHTMLAttributes<HTMLAnchorElement>, Look {
  ref?: Ref<HTMLAnchorElement>
}

const Anchor = ({ look, size, className = '', children, ...rest }: AnchorProps) => (
  <a className={`${buttonClass({ ...(look && { look }), ...(size && { size }) })} ${className}`} {...rest}>
    {children}
  </a>
)

/** A link within the dashboard that looks like a button: what leads to a page is a link, what does something a button. */
export const ButtonLink: LinkComponent<typeof Anchor> = createLink(Anchor)
