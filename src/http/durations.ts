// A Prometheus histogram of how long answers took. prom-client's own checks and hashes the labels at every observation, which costs
// more than some answers; here a count is found once for each set of labels, and observing is an addition.
import type { Metric } from 'prom-client'

/** Seconds; the last bucket holds what took longer. */
const bounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

interface Labels {
  route: string
  method: string
  status: string
}

interface Value {
  metricName: string
  labels: Partial<Labels> & { le?: number | '+Inf' }
  value: number
}

class Count {
  readonly labels: Labels
  readonly buckets = Array.from<number>({ length: bounds.length + 1 }).fill(0)
  sum = 0

  constructor(labels: Labels) {
    this.labels = labels
  }

  add(seconds: number): void {
    let bucket = 0
    while (bucket < bounds.length && seconds > (bounds[bucket] as number)) bucket += 1
    ;(this.buckets[bucket] as number) += 1
    this.sum += seconds
  }
}

export class Durations {
  readonly name: string
  readonly help: string
  readonly type = 'histogram'
  readonly aggregator = 'sum'
  readonly #counts = new Map<string, Map<string, Map<number, Count>>>()

  constructor(name: string, help: string) {
    this.name = name
    this.help = help
  }

  observe(route: string, method: string, status: number, seconds: number): void {
    let methods = this.#counts.get(route)
    if (!methods) this.#counts.set(route, (methods = new Map()))
    let statuses = methods.get(method)
    if (!statuses) methods.set(method, (statuses = new Map()))
    let count = statuses.get(status)
    if (!count) statuses.set(status, (count = new Count({ route, method, status: String(status) })))
    count.add(seconds)
  }

  /** For the registry, in its form. */
  async get(): Promise<object> {
    const { name, help, type, aggregator } = this
    const values: Value[] = []
    for (const methods of this.#counts.values())
      for (const statuses of methods.values())
        for (const { labels, buckets, sum } of statuses.values()) {
          let below = 0
          for (const [i, count] of buckets.entries()) {
            below += count
            values.push({ metricName: `${name}_bucket`, labels: { le: bounds[i] ?? '+Inf', ...labels }, value: below })
          }
          values.push({ metricName: `${name}_sum`, labels, value: sum })
          values.push({ metricName: `${name}_count`, labels, value: below })
        }
    return { name, help, type, aggregator, values }
  }

  /** As the registry takes it. */
  get metric(): Metric {
    return this as unknown as Metric
  }
}
