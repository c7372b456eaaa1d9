// Medians and spreads of a few rounds.

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  return sorted.length % 2 === 1
    ? (sorted[Math.floor(middle)] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

/** The farthest that a round lies from the median, as a share of it. */
export const spread = (values: readonly number[]): number => {
  const center = median(values)
  return Math.max(...values.map((value) => Math.abs(value - center))) / center
}
