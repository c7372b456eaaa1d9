// What doctor finds: one line for each thing that it looked at, with the way out where something is wrong.

export interface Finding {
  check: string
  /** `fail`: something does not work, or is open to others; `warn`: it works, but hardly as it was meant. */
  status: 'ok' | 'warn' | 'fail'
  detail: string
  /** What to do; where the status is not `ok`. */
  remedy?: string
}

export const ok = (check: string, detail: string): Finding => ({ check, status: 'ok', detail })
export const warn = (check: string, detail: string, remedy: string): Finding => ({
  check,
  status: 'warn',
  detail,
  remedy,
})
export const fail = (check: string, detail: string, remedy: string): Finding => ({
  check,
  status: 'fail',
  detail,
  remedy,
})
