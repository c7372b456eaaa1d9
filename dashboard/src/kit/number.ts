// Numbers as people read them.

const whole = new Intl.NumberFormat('en-GB')
const short = new Intl.NumberFormat('en-GB', { notation: 'compact', maximumFractionDigits: 1 })

/** `12,345` */
export const count = (value: number): string => whole.format(value)

/** `12.3K`, where there is little room. */
export const shortCount = (value: number): string => short.format(value)
