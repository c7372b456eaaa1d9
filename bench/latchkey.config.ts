// Latchkey under test: one API whose limit is counted on every request and never reached.
import type { LatchkeyConfig } from 'latchkey'

export default {
  apis: {
    bench: {
      hosts: ['bench.localhost'],
      upstream: process.env.BENCH_UPSTREAM ?? 'echo', // the bench itself passes nothing on
      limits: [{ name: 'window', per: 'credential', limit: 1_000_000_000, period: 3600 }],
    },
  },
  log: { requests: 'none' },
} satisfies LatchkeyConfig
