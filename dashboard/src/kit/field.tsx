// Fields of forms on native elements: a label, a hint, a mistake that is read out with the field.
import {
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useId,
} from 'react'

interface Labelled {
  label: string
  hint?: ReactNode
  mistake?: ReactNode
  /** The label is there for screen readers only: what surrounds the field says it. */
  quietLabel?: boolean | undefined
}

const describedBy = (id: string, hint: ReactNode, mistake: ReactNode): string | undefined =>
  [mistake ? `${id}-mistake` : '', hint ? `${id}-hint` : ''].filter(Boolean).join(' ') || undefined

const Around = ({
  id,
  label,
  hint,
  mistake,
  quietLabel = false,
  optional,
  children,
}: Labelled & { id: string; optional: boolean; children: ReactNode }) => (
  <div>
    <label htmlFor={id} className={quietLabel ? 'unseen' : 'mb-1 block font-medium'}>
      {label}
      {optional && <span className="ml-1.5 font-normal text-quiet">optional</span>}
    </label>
    {children}
    {mistake && (
      <p id={`${id}-mistake`} className="mt-1 text-sm font-medium text-bad">
        {mistake}
      </p>
    )}
    {hint && (
      <p id={`${id}-hint`} className="mt-1 text-sm text-quiet">
        {hint}
      </p>
    )}
  </div>
)

interface Optional {
  /** Says so beside the label. */
  optional?: boolean
}

/** What the native element of a field takes, and what goes around it. */
const useField = (
  { label, hint, mistake, quietLabel = false }: Labelled,
  given: string | undefined,
  className: string,
  optional = false,
) => {
  const made = useId()
  const id = given ?? made
  return {
    around: { id, label, hint, mistake, optional, quietLabel },
    element: {
      id,
      className: `field ${className}`,
      'aria-invalid': mistake ? (true as const) : undefined,
      'aria-describedby': describedBy(id, hint, mistake),
    },
  }
}

export const TextField = ({
  label,
  hint,
  mistake,
  quietLabel,
  optional,
  className = '',
  ...rest
}: Labelled & Optional & InputHTMLAttributes<HTMLInputElement>) => {
  const { around, element } = useField({ label, hint, mistake, quietLabel }, rest.id, className, optional)
  return (
    <Around {...around}>
      <input autoComplete="off" {...rest} {...element} />
    </Around>
  )
}

export const TextArea = ({
  label,
  hint,
  mistake,
  quietLabel,
  optional,
  className = '',
  ...rest
}: Labelled & Optional & TextareaHTMLAttributes<HTMLTextAreaElement>) => {
  const { around, element } = useField({ label, hint, mistake, quietLabel }, rest.id, className, optional)
  return (
    <Around {...around}>
      <textarea rows={4} {...rest} {...element} />
    </Around>
  )
}

/** A native select. `children` are options. */
export const Select = ({
  label,
  hint,
  mistake,
  quietLabel,
  className = '',
  ...rest
}: Labelled & SelectHTMLAttributes<HTMLSelectElement>) => {
  const { around, element } = useField({ label, hint, mistake, quietLabel }, rest.id, className)
  return (
    <Around {...around}>
      <select {...rest} {...element} />
    </Around>
  )
}

const Choice = ({
  type,
  label,
  hint,
  ...rest
}: { type: 'checkbox' | 'radio'; label: ReactNode; hint?: ReactNode } & Omit<
  InputHTMLAttributes<HTMLInputElement>,
  'type'
>) => {
  const made = useId()
  const id = rest.id ?? made
  return (
    <div className="flex gap-2.5">
      <input
        {...rest}
        id={id}
        type={type}
        className="mt-[0.1875rem] size-4 shrink-0"
        aria-describedby={hint ? `${id}-hint` : undefined}
      />
      <div className="min-w-0">
        <label htmlFor={id}>{label}</label>
        {hint && (
          <p id={`${id}-hint`} className="text-sm text-quiet">
            {hint}
          </p>
        )}
      </div>
    </div>
  )
}

type ChoiceProps = { label: ReactNode; hint?: ReactNode } & Omit<InputHTMLAttributes<HTMLInputElement>, 'type'>

export const Checkbox = (props: ChoiceProps) => <Choice type="checkbox" {...props} />

export const Radio = (props: ChoiceProps) => <Choice type="radio" {...props} />

/** Fields that belong together, such as checkboxes and radios. */
export const FieldGroup = ({
  legend,
  hint,
  mistake,
  children,
}: {
  legend: string
  hint?: ReactNode
  mistake?: ReactNode
  children: ReactNode
}) => {
  const id = useId()
  return (
    <fieldset aria-describedby={describedBy(id, hint, mistake)}>
      <legend className="mb-1 font-medium">{legend}</legend>
      {hint && (
        <p id={`${id}-hint`} className="mb-2 text-sm text-quiet">
          {hint}
        </p>
      )}
      <div className="grid gap-2">{children}</div>
      {mistake && (
        <p id={`${id}-mistake`} className="mt-1 text-sm font-medium text-bad">
          {mistake}
        </p>
      )}
    </fieldset>
  )
}
