// Bars over time: what was let in below, what was denied above it and hatched, so that colour is not what tells them apart.
// Values are read by pointing, by keys, and in a table.
import { type KeyboardEvent, type PointerEvent, useId, useLayoutEffect, useRef, useState } from 'react'
import { count, shortCount } from './number.ts'

export interface Bar {
  /** Under the axis, where there is room: `5 May`; '': none. */
  label: string
  /** In full, where one bar is read: `Tuesday 5 May 2026, UTC`. */
  title: string
  allowed: number
  denied: number
}

const height = 200
const bottom = 22
const left = 44
const top = 8

/** The lowest of 1, 2, 5, 10, 20 … that is at least `value`; 4 at least, so that lines stand at whole numbers. */
const roundUp = (value: number): number => {
  const size = 10 ** Math.floor(Math.log10(Math.max(value, 1)))
  const steps = [1, 2, 4, 5, 8, 10].map((step) => step * size)
  return Math.max(4, steps.find((step) => step >= value) ?? 10 * size)
}

/** The denied part of bars and legends. */
const Hatch = ({ id }: { id: string }) => (
  <pattern id={id} width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
    <rect width="5" height="5" className="fill-bad-soft" />
    <rect width="2.5" height="5" className="fill-bad" />
  </pattern>
)

const Swatch = ({ hatch }: { hatch?: string }) => (
  <svg viewBox="0 0 12 12" className="size-3" aria-hidden="true">
    <rect width="12" height="12" rx="2" fill={hatch} className={hatch === undefined ? 'fill-accent' : ''} />
  </svg>
)

const Legend = ({ hatch }: { hatch: string }) => (
  <ul className="flex gap-4 text-sm">
    <li className="flex items-center gap-1.5">
      <Swatch />
      Let in
    </li>
    <li className="flex items-center gap-1.5">
      <Swatch hatch={hatch} />
      Denied
    </li>
  </ul>
)

const useWidth = () => {
  const element = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(0)
  useLayoutEffect(() => {
    const measured = element.current
    if (!measured) return
    setWidth(measured.clientWidth)
    const observer = new ResizeObserver(() => setWidth(measured.clientWidth))
    observer.observe(measured)
    return () => observer.disconnect()
  }, [])
  return [element, width] as const
}

const readOut = ({ title, allowed, denied }: Bar): string =>
  `${title}: ${count(allowed)} let in, ${count(denied)} denied`

const Lines = ({ max, width, yOf }: { max: number; width: number; yOf: (value: number) => number }) => (
  <g className="fill-quiet text-xs tabular-nums">
    {[0, max / 2, max].map((value) => (
      <g key={value}>
        <line x1={left} x2={width} y1={yOf(value)} y2={yOf(value)} className="stroke-line" />
        <text x={left - 8} y={yOf(value)} textAnchor="end" dominantBaseline="middle">
          {shortCount(value)}
        </text>
      </g>
    ))}
  </g>
)

/** Of the bars that have one, as many as there is room for. */
const Labels = ({ bars, step, width }: { bars: readonly Bar[]; step: number; width: number }) => {
  const labelled = bars.flatMap(({ label }, index) => (label === '' ? [] : [{ label, x: left + (index + 0.5) * step }]))
  const room = labelled.length > 1 ? (labelled[1] as { x: number }).x - (labelled[0] as { x: number }).x : width
  // the last one stands further left than its bar, so as not to be cut
  const every = Math.max(1, Math.ceil(70 / Math.max(room, 1)))
  return (
    <g className="fill-quiet text-xs">
      {labelled.map(({ label, x }, index) =>
        // counted from the end, so that the latest has its own
        (labelled.length - 1 - index) % every === 0 ? (
          <text key={x} x={Math.min(x, width - 20)} y={height - 4} textAnchor="middle">
            {label}
          </text>
        ) : null,
      )}
    </g>
  )
}

const moves: Readonly<Record<string, (at: number, last: number) => number>> = {
  ArrowLeft: (at) => at - 1,
  ArrowDown: (at) => at - 1,
  ArrowRight: (at) => at + 1,
  ArrowUp: (at) => at + 1,
  PageDown: (at) => at - 7,
  PageUp: (at) => at + 7,
  Home: () => 0,
  End: (_at, last) => last,
}

export const Chart = ({
  label,
  bars,
  unit,
}: {
  /** What it shows: `Requests in the last 30 days`. */
  label: string
  bars: readonly Bar[]
  /** What a bar is: `Day`, the head of the table’s first column. */
  unit: string
}) => {
  const id = useId()
  const hatch = `${id}hatch`
  const [element, width] = useWidth()
  const [chosen, setChosen] = useState<number>()
  const last = bars.length - 1
  const at = chosen === undefined ? undefined : Math.min(chosen, last)
  const shown = at === undefined ? undefined : bars[at]
  const step = Math.max(0, width - left) / bars.length
  const max = roundUp(Math.max(...bars.map(({ allowed, denied }) => allowed + denied)))
  const yOf = (value: number): number => top + (1 - value / max) * (height - top - bottom)
  const gap = step > 8 ? Math.min(6, step * 0.25) : step > 3 ? 1 : 0

  const point = ({ clientX, currentTarget }: PointerEvent): void => {
    const index = Math.floor((clientX - currentTarget.getBoundingClientRect().left - left) / step)
    setChosen(index >= 0 && index <= last ? index : undefined)
  }
  const key = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') return setChosen(undefined)
    const move = moves[event.key]
    if (!move) return
    event.preventDefault()
    setChosen(Math.min(last, Math.max(0, move(at ?? last + 1, last))))
  }
  return (
    <figure className="grid gap-3">
      <div className="flex flex-wrap items-baseline justify-between gap-x-6 gap-y-1">
        <Legend hatch={`url(#${hatch})`} />
        <p aria-hidden="true" className="min-h-5 text-sm text-quiet tabular-nums">
          {shown ? readOut(shown) : 'Point at a bar, or use the arrow keys'}
        </p>
      </div>
      <div
        ref={element}
        // a slider is what screen readers know to read by arrow keys
        role="slider"
        tabIndex={0}
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={last}
        aria-valuenow={at ?? last}
        aria-valuetext={readOut(shown ?? (bars[last] as Bar))}
        onKeyDown={key}
        onPointerMove={point}
        onPointerDown={point}
        onPointerLeave={() => setChosen(undefined)}
        onFocus={(event) => event.target.matches(':focus-visible') && setChosen((before) => before ?? last)}
        onBlur={() => setChosen(undefined)}
        className="relative h-[200px] touch-pan-y rounded-sm"
      >
        {/* out of the flow: a chart of a wide window must not keep a narrower one wide */}
        <svg width={width} height={height} aria-hidden="true" className="absolute top-0 left-0">
          <defs>
            <Hatch id={hatch} />
          </defs>
          {at !== undefined && (
            <rect x={left + at * step} y={top} width={step} height={height - top - bottom} className="fill-sunken" />
          )}
          <Lines max={max} width={width} yOf={yOf} />
          {bars.map(({ title, allowed, denied }, index) => {
            const x = left + index * step + gap / 2
            const w = Math.max(0.5, step - gap)
            return (
              <g key={title}>
                <rect x={x} y={yOf(allowed)} width={w} height={yOf(0) - yOf(allowed)} className="fill-accent" />
                {denied > 0 && (
                  <rect
                    x={x}
                    y={yOf(allowed + denied)}
                    width={w}
                    height={Math.max(2, yOf(allowed) - yOf(allowed + denied))}
                    fill={`url(#${hatch})`}
                  />
                )}
              </g>
            )
          })}
          <Labels bars={bars} step={step} width={width} />
        </svg>
      </div>
      <details>
        <summary className="w-fit text-sm text-quiet hover:text-text">Show as a table</summary>
        <div
          className="mt-2 max-h-80 overflow-auto rounded-md border border-line"
          tabIndex={0}
          role="group"
          aria-label={label}
        >
          <table className="w-full border-collapse text-sm tabular-nums">
            <caption className="unseen">{label}</caption>
            <thead className="sticky top-0 bg-card text-quiet">
              <tr>
                <th scope="col" className="px-3 py-1.5 text-left font-medium">
                  {unit}
                </th>
                <th scope="col" className="px-3 py-1.5 text-right font-medium">
                  Let in
                </th>
                <th scope="col" className="px-3 py-1.5 text-right font-medium">
                  Denied
                </th>
              </tr>
            </thead>
            <tbody>
              {bars.toReversed().map(({ title, allowed, denied }) => (
                <tr key={title} className="border-t border-line">
                  <th scope="row" className="px-3 py-1 text-left font-normal">
                    {title}
                  </th>
                  <td className="px-3 py-1 text-right">{count(allowed)}</td>
                  <td className="px-3 py-1 text-right">{count(denied)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  )
}

/** A chart in a row of text, of what the row says in numbers. */
export const Spark = ({ bars, max }: { bars: readonly Pick<Bar, 'allowed' | 'denied'>[]; max: number }) => {
  const id = useId()
  const hatch = `${id}hatch`
  const yOf = (value: number): number => 24 - (value / Math.max(max, 1)) * 24
  return (
    <svg
      viewBox={`0 0 ${bars.length * 4} 24`}
      preserveAspectRatio="none"
      aria-hidden="true"
      className="block h-6 w-full min-w-24 border-b border-line"
    >
      <defs>
        <Hatch id={hatch} />
      </defs>
      {bars.map(({ allowed, denied }, index) => (
        // eslint-disable-next-line react/no-array-index-key
        <g key={index}>
          <rect x={index * 4} y={yOf(allowed)} width="3" height={24 - yOf(allowed)} className="fill-accent" />
          {denied > 0 && (
            <rect
              x={index * 4}
              y={yOf(allowed + denied)}
              width="3"
              height={Math.max(1, yOf(allowed) - yOf(allowed + denied))}
              fill={`url(#${hatch})`}
            />
          )}
        </g>
      ))}
    </svg>
  )
}
