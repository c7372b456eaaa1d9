// Latchkey under test: one API whose limit is counted on every request and never reached.
import type { LatchkeyConfig } from 'latchkey'

export default {
  apis: {
    bench: { limits: [{ name: 'window', per: 'credential', limit: 1_000_000_000, period: 3600 }] },
  },
  log: { requests: 'none' },
} satisfies LatchkeyConfig
