// Values that are there at once where they are kept, and later where they have to be asked for.

export type MaybePromise<T> = T | Promise<T>

export const andThen = <T, U>(value: MaybePromise<T>, then: (value: T) => MaybePromise<U>): MaybePromise<U> =>
  value instanceof Promise ? value.then(then) : then(value)
