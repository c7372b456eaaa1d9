// How long answers take, by route, method and status: a histogram that only counts while requests are answered and is put into
// words when somebody asks.
import { Histogram, type MetricObjectWithValues, type MetricValueWithName } from 'prom-client'

const name = 'latchkey_http_request_duration_seconds'
const help = 'Time to answer, by route, method and status.'
const buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

type Label = 'route' | 'method' | 'status'

interface Counted {
  labels: Record<Label, string>
  /** Answers by the first bucket that holds them; the last is for those beyond. */
  counts: number[]
  sum: number
}

/** The entry of `key`, made where it is missing. Maps in maps cost less than keys put together. */
export const entryOf = <Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value => {
  let value = map.get(key)
  if (value === undefined) map.set(key, (value = make()))
  return value
}

export class Durations extends Histogram<Label> {
  readonly #counted = new Map<string, Map<string, Map<number, Counted>>>()

  constructor() {
    super({ name, help, labelNames: ['route', 'method', 'status'], buckets, registers: [] })
  }

  count(route: string, method: string, status: number, seconds: number): void {
    const byMethod = entryOf(this.#counted, route, () => new Map<string, Map<number, Counted>>())
    const byStatus = entryOf(byMethod, method, () => new Map<number, Counted>())
    const counted = entryOf(byStatus, status, () => ({
      labels: { route, method, status: String(status) },
      counts: Array.from({ length: buckets.length + 1 }, () => 0),
      sum: 0,
    }))
    let bucket = 0
    while (bucket < buckets.length && seconds > (buckets[bucket] as number)) bucket += 1
    counted.counts[bucket] = (counted.counts[bucket] as number) + 1
    counted.sum += seconds
  }

  override async get(): Promise<MetricObjectWithValues<MetricValueWithName<Label>>> {
    const described = await super.get()
    const all = [...this.#counted.values()].flatMap((byMethod) =>
      [...byMethod.values()].flatMap((byStatus) => [...byStatus.values()]),
    )
    const values = all.flatMap(({ labels, counts, sum }) => {
      let total = 0
      const upTo = counts.map((count, index) => ({
        labels: { ...labels, le: buckets[index] ?? '+Inf' },
        value: (total += count),
        metricName: `${name}_bucket`,
      }))
      return [
        ...upTo,
        { labels, value: sum, metricName: `${name}_sum` },
        { labels, value: total, metricName: `${name}_count` },
      ]
    })
    return { ...described, values }
  }
}
