// Prometheus metrics. Labels are names from the configuration and the catalogue, never ids.
import { Counter, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import type { Observer } from '../verify/verify.ts'

export interface Metrics {
  registry: Registry
  observeDecision: Observer
  observeRequest: (route: string, method: string, status: number, seconds: number) => void
  storeFault: () => void
  counterFault: () => void
  signIn: (outcome: 'succeeded' | 'refused' | 'throttled') => void
}

export const createMetrics = (): Metrics => {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'latchkey_' })
  // decisions since the last scrape: counting in the metric itself costs several times as much
  const judged = new Map<string, { labels: { api: string; kind: string; code: string }; count: number }>()
  registry.registerMetric(
    new Counter({
      name: 'latchkey_decisions_total',
      help: 'Credentials judged, by API, kind and code.',
      labelNames: ['api', 'kind', 'code'],
      registers: [],
      collect() {
        for (const { labels, count } of judged.values()) this.inc(labels, count)
        judged.clear()
      },
    }),
  )
  const requests = new Histogram({
    name: 'latchkey_http_request_duration_seconds',
    help: 'Time to answer, by route, method and status.',
    labelNames: ['route', 'method', 'status'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  })
  const storeFaults = new Counter({
    name: 'latchkey_store_errors_total',
    help: 'Answers that failed because the store could not be asked.',
    registers: [registry],
  })
  const counterFaults = new Counter({
    name: 'latchkey_counter_errors_total',
    help: 'Slices that could not be taken or given back.',
    registers: [registry],
  })
  const signIns = new Counter({
    name: 'latchkey_sign_ins_total',
    help: 'Attempts to sign in by password, by outcome.',
    labelNames: ['outcome'],
    registers: [registry],
  })
  // children are kept: looking one up by its labels costs more than counting
  const requestChildren = new Map<string, { observe: (seconds: number) => void }>()
  return {
    registry,
    observeDecision(api, decision) {
      const kind = decision.principal?.kind ?? 'unknown'
      const key = `${api.name}|${kind}|${decision.code}`
      const entry = judged.get(key)
      if (entry) entry.count += 1
      else judged.set(key, { labels: { api: api.name, kind, code: decision.code }, count: 1 })
    },
    observeRequest(route, method, status, seconds) {
      const key = `${route}|${method}|${status}`
      let child = requestChildren.get(key)
      if (!child) requestChildren.set(key, (child = requests.labels(route, method, String(status))))
      child.observe(seconds)
    },
    storeFault: () => storeFaults.inc(),
    counterFault: () => counterFaults.inc(),
    signIn: (outcome) => signIns.inc({ outcome }),
  }
}
