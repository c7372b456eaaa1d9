// One question to the store for all requests that are judged in one run of JavaScript.

/**
 * Asks `ask` once, and believes the answer until the microtasks that are already waiting have run.
 *
 * Why that is exact. Bytes come from sockets between runs of JavaScript, never within one. So every request that is judged in
 * this run had been received when the question was asked; a change that is not in the answer was committed later, and whoever
 * made it was told later still. Such a request came before the change was answered, and may go either way.
 * A change that this process commits itself is followed by promises that wait behind the one made here.
 */
export const onceARun = <T>(ask: () => T): (() => T) => {
  let known: { answer: T } | undefined
  const forget = (): void => {
    known = undefined
  }
  return () => {
    if (known === undefined) {
      known = { answer: ask() }
      queueMicrotask(forget)
    }
    return known.answer
  }
}
