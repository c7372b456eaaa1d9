// Latchkey under test: limits are counted on every request and never reached, by key and, at an API of its own, by organization.
import type { LatchkeyConfig } from 'latchkey'

export default {
  defaultApi: 'bench',
  apis: {
    bench: {
      hosts: ['bench.localhost'],
      upstream: process.env.BENCH_UPSTREAM ?? 'echo', // the bench itself passes nothing on
      limits: [{ name: 'window', per: 'credential', limit: 1_000_000_000, period: 3600 }],
    },
    quota: {
      hosts: ['quota.localhost'],
      upstream: 'echo',
      limits: [{ name: 'quota', per: 'organization', limit: 1_000_000_000, period: 'month' }],
    },
  },
  log: { requests: 'none' },
} satisfies LatchkeyConfig
