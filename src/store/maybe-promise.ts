// Values that are there at once on SQLite and later on Postgres. The hot path does not wait where it need not.

export type MaybePromise<T> = T | Promise<T>

/** What `then` makes of the value: at once where it is there. */
export const andThen = <T, U>(value: MaybePromise<T>, then: (value: T) => MaybePromise<U>): MaybePromise<U> =>
  value instanceof Promise ? value.then(then) : then(value)

/** All of them: at once where all are there. */
export const allOf = <T extends readonly unknown[]>(
  values: readonly [...{ [K in keyof T]: MaybePromise<T[K]> }],
): MaybePromise<T> =>
  values.some((value) => value instanceof Promise)
    ? (Promise.all(values as unknown as Promise<T[number]>[]) as Promise<unknown> as Promise<T>)
    : (values as unknown as T)

/** As `work`, with what `rescue` makes of a fault. */
export const orElse = <T>(work: () => MaybePromise<T>, rescue: (fault: unknown) => T): MaybePromise<T> => {
  try {
    const value = work()
    return value instanceof Promise ? value.catch(rescue) : value
  } catch (fault) {
    return rescue(fault)
  }
}
