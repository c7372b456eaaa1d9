// Answers from memory for a stated time. An answer is dropped as soon as Latchkey tells that what it stands on has changed, and is
// never given later than its time after it was asked for. What a limit gives is paid for at the server before it is given here.
import type { Question, VerifyOptions } from '../question.ts'
import { noScopes, questionOf } from '../question.ts'
import type { Asker } from '../remote/asker.ts'
import { sha256 } from '../sha256.ts'
import { type Denied, type Valid, type Verdict, denied, missingScopes } from '../verdict.ts'
import { type Kept, KeptAnswers, type StandingChange } from './kept.ts'
import { Purse } from './purse.ts'

export interface CacheOptions {
  /** No answer is given later after it was asked for, seconds, at most 300. Default 5. */
  readonly maxAgeSeconds?: number
  /** The same while revocations are not heard of. Default 1; 0: nothing is kept then. */
  readonly maxAgeWithoutStreamSeconds?: number
  /** Answers that are kept. Default 100,000. */
  readonly maxEntries?: number
  /** Bytes that they take, roughly. Default 64 MiB. */
  readonly maxBytes?: number
}

/** Of all answers, the share of those about credentials that nobody has: made-up ones must not drive out good ones. */
const unknownShare = 1 / 8
/** Changes that are remembered for answers on their way. */
const rememberedChanges = 4_096
/** From what part of its age on an answer in use is asked for anew, before somebody has to wait for it. */
const refreshAt = 0.75

/** Seconds after which an answer is asked for anew, as milliseconds. */
const ageOf = (name: string, seconds: number, least: number): number => {
  if (!(seconds >= least && seconds <= 300)) throw new RangeError(`${name} must be from ${least} to 300.`)
  return seconds * 1000
}

/** The time within a UUIDv7, Unix milliseconds: when the server had the request, by its own clock. */
const timeOf = (id: string | undefined): number | undefined =>
  id !== undefined && /^[\da-f]{8}-[\da-f]{4}-7/.test(id)
    ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
    : undefined

export interface Clock {
  /** Milliseconds; nobody sets it. */
  monotonic: () => number
  /** Unix milliseconds; goes on while the machine sleeps. */
  wall: () => number
}

const systemClock: Clock = { monotonic: () => performance.now(), wall: () => Date.now() }

export class Cache {
  readonly #asker: Pick<Asker, 'ask'>
  /** How long answers are given, as long as revocations are heard of or not, milliseconds. */
  #maxAge: number
  readonly #clock: Clock
  readonly #maxAgeMs: number
  readonly #deafAgeMs: number
  /** Answers about credentials that somebody has. */
  readonly #known: KeptAnswers
  readonly #unknown: KeptAnswers
  /** By credential and the organization that pays. */
  readonly #purses = new Map<string, Purse>()
  readonly #maxPurses: number
  /** Questions on their way. */
  readonly #flights = new Map<string, Promise<Verdict | undefined>>()
  /** What has changed, by the order in which it was told. */
  readonly #changed = new Map<string, number>()
  #changes = 0
  /** Answers asked for before this change are not kept. */
  #keptSince = 0

  constructor(asker: Pick<Asker, 'ask'>, options: CacheOptions, clock = systemClock) {
    const { maxAgeSeconds = 5, maxAgeWithoutStreamSeconds = Math.min(1, maxAgeSeconds) } = options
    const { maxEntries = 100_000, maxBytes = 64 * 1024 * 1024 } = options
    this.#maxAgeMs = ageOf('maxAgeSeconds', maxAgeSeconds, 0.1)
    this.#deafAgeMs = Math.min(this.#maxAgeMs, ageOf('maxAgeWithoutStreamSeconds', maxAgeWithoutStreamSeconds, 0))
    this.#maxAge = this.#deafAgeMs
    if (!(Number.isInteger(maxEntries) && maxEntries >= 16)) throw new RangeError('maxEntries must be at least 16.')
    if (!(maxBytes >= 64 * 1024)) throw new RangeError('maxBytes must be at least 65,536.')
    const unknown = { entries: Math.ceil(maxEntries * unknownShare), bytes: maxBytes * unknownShare }
    this.#known = new KeptAnswers({ entries: maxEntries - unknown.entries, bytes: maxBytes - unknown.bytes })
    this.#unknown = new KeptAnswers(unknown)
    this.#maxPurses = maxEntries
    this.#asker = asker
    this.#clock = clock
  }

  /** The answer if it is kept, and paid for; it is spent then. */
  now(credential: string, options?: VerifyOptions): Verdict | undefined {
    const cost = options?.cost ?? 1
    if (options?.dryRun || options?.dpop || !isCost(cost)) return undefined
    const key = keyOf(credential, options?.organizationId, options?.ip)
    const kept = this.#known.get(key) ?? this.#unknown.get(key)
    if (!kept) return undefined
    const now = this.#clock.monotonic()
    const age = now - kept.at
    const most = kept.forMs < this.#maxAge ? kept.forMs : this.#maxAge
    // the second clock is for machines that slept: the first one may have stood still
    if (!(age < most) || !(this.#clock.wall() - kept.wallAt < most)) return undefined
    kept.used = true
    const { verdict, purse } = kept
    if (verdict.outcome === 'denied') return verdictFor(verdict, options?.scopes)
    const missing = options?.scopes ? missingScopes(verdict.principal, options.scopes) : noScopes
    if (missing.length > 0) return lacking(verdict, missing, purse)
    if (!purse) {
      if (age > most * refreshAt) this.#refresh(key, credential, options)
      return verdict
    }
    if (!purse.spend(cost, now)) return purse.refusal(cost, now)
    if (age > most * refreshAt || purse.runsLow) this.#refresh(key, credential, options)
    return { outcome: 'valid', code: 'valid', principal: verdict.principal, limits: purse.told(), source: 'kept' }
  }

  /** The answer, asked for where it is not kept. Throws as `questionOf`, and `signal`'s reason. */
  async ask(credential: string, options: VerifyOptions = {}): Promise<Verdict> {
    const question = questionOf(credential, options)
    if ('outcome' in question) return question
    const { signal } = options
    // a proof is good once, and a dry run is about now
    if (question.dpop || question.dryRun) return this.#asker.ask(question, signal)
    const key = keyOf(credential, options.organizationId, options.ip)
    const cost = question.cost
    let counted: Purse | undefined
    const uncount = (): void => {
      if (counted) counted.waiting -= cost
      counted = undefined
    }
    try {
      for (let waits = 0; ; waits++) {
        signal?.throwIfAborted()
        const flight = this.#flights.get(key)
        const purse = this.#known.get(key)?.purse
        if (!flight || waits >= this.#mostWaits(purse)) break
        // many requests of one caller in the same moment ask once
        uncount()
        counted = purse
        if (counted) counted.waiting += cost
        const verdict = await withSignal(flight, signal)
        if (verdict?.outcome === 'unavailable') return verdict
        const kept = this.now(credential, options)
        if (kept) return kept
      }
    } finally {
      uncount()
    }
    return this.#fly(key, question, signal)
  }

  /** How often a request waits for others' answers: where they may be kept; and again where one pays for a few of those who wait. */
  #mostWaits(purse: Purse | undefined): number {
    if (this.#maxAge === 0) return 0
    return purse ? 8 : 1
  }

  /** Whether revocations are heard of from now on. */
  hears(heard: boolean): void {
    this.#maxAge = heard ? this.#maxAgeMs : this.#deafAgeMs
  }

  changed(change: StandingChange): void {
    this.#changes += 1
    for (const id of [change.id, change.userId]) if (id !== undefined) this.#changed.set(id, this.#changes)
    while (this.#changed.size > rememberedChanges) {
      const [id, order] = this.#changed.entries().next().value as [string, number]
      this.#changed.delete(id)
      this.#keptSince = Math.max(this.#keptSince, order)
    }
    this.#known.drop(change)
  }

  reset(): void {
    this.#changes += 1
    this.#keptSince = this.#changes
    this.#changed.clear()
    this.#known.dropAll()
    this.#unknown.clear()
  }

  clear(): void {
    this.reset()
    this.#known.clear()
    this.#purses.clear()
  }

  #refresh(key: string, credential: string, options: VerifyOptions | undefined): void {
    if (this.#flights.has(key)) return
    const question = questionOf(credential, { ...options, cost: 1 })
    if (!('outcome' in question)) this.#fly(key, question, undefined, true).catch(() => {})
  }

  /** Asks; everybody who wants to know the same meanwhile waits for this. `ahead`: nobody has a request that it is for. */
  #fly(key: string, question: Question, signal: AbortSignal | undefined, ahead = false): Promise<Verdict> {
    const flight = this.#question(key, question, signal, ahead)
    const watched = flight.catch(() => undefined)
    this.#flights.set(key, watched)
    void watched.then(() => {
      if (this.#flights.get(key) === watched) this.#flights.delete(key)
    })
    return flight
  }

  async #question(key: string, question: Question, signal: AbortSignal | undefined, ahead: boolean): Promise<Verdict> {
    const purse = this.#known.get(key)?.purse
    const price = purse ? Math.max(1, purse.priceOf(ahead ? 0 : question.cost, this.#clock.monotonic())) : question.cost
    const verdict = await this.#paying(key, question, price, signal, ahead)
    // more was wanted than there is left: then what this request costs, and no more
    return isUsedUp(verdict) && price > question.cost && !ahead
      ? this.#paying(key, question, question.cost, signal, ahead)
      : verdict
  }

  async #paying(
    key: string,
    question: Question,
    paid: number,
    signal: AbortSignal | undefined,
    ahead: boolean,
  ): Promise<Verdict> {
    const asked = { at: this.#clock.monotonic(), wallAt: this.#clock.wall(), changes: this.#changes }
    const verdict = await this.#asker.ask({ ...question, cost: paid }, signal)
    if (verdict.outcome === 'unavailable') return verdict
    // that there is not so much left says nothing of less
    if (isUsedUp(verdict) && (ahead || paid > question.cost)) return verdict
    return this.#keep(key, question, verdict, asked, { paid, cost: ahead ? 0 : question.cost })
  }

  /** Keeps the answer, and makes it that of the request. */
  #keep(
    key: string,
    question: Question,
    verdict: Valid | Denied,
    asked: { at: number; wallAt: number; changes: number },
    { paid, cost }: { paid: number; cost: number },
  ): Verdict {
    const { principal, limits } = verdict
    const serverTime = timeOf(verdict.requestId)
    /** How long after it was asked for something that the server's clock ends still holds, milliseconds. */
    const lasts = (end: number): number => (serverTime === undefined ? 0 : end - serverTime)
    const used = isUsedUp(verdict)
    let forMs = principal?.expiresAt === undefined ? this.#maxAgeMs : lasts(Date.parse(principal.expiresAt))
    let purse: Purse | undefined
    if (principal && limits.length > 0 && (used || verdict.outcome === 'valid')) {
      purse = this.#purseOf(question.credential, principal.organizationId)
      const now = this.#clock.monotonic()
      // `reset` is rounded up to a second
      const until = asked.at + Math.min(...limits.map(({ reset }) => lasts((reset - 1) * 1000)))
      if (verdict.outcome === 'valid') purse.add({ paid, cost, limits, until }, now)
      else purse.refuse(verdict, cost, now)
    }
    // limits that a refusal tells are as of now
    else if (limits.length > 0) forMs = Math.min(forMs, 1_000)
    const standing: Valid | Denied =
      used && principal ? { outcome: 'valid', code: 'valid', principal, limits, source: 'kept' } : forKeeping(verdict)
    const kept: Kept = { verdict: standing, purse, at: asked.at, wallAt: asked.wallAt, forMs, used: true }
    this.#known.delete(key)
    this.#unknown.delete(key)
    if (this.#stillStands(principal, asked.changes)) (principal ? this.#known : this.#unknown).set(key, kept)
    return verdict.outcome === 'valid' && purse ? { ...verdict, limits: purse.told() } : verdict
  }

  /** Whether nothing that the answer stands on was told to have changed while it was on its way. */
  #stillStands(principal: Valid['principal'] | undefined, changes: number): boolean {
    if (changes < this.#keptSince) return false
    if (!principal || this.#changes === changes) return true
    const { id, subject, organizationId, organizationIds = [], clientId, derivedFrom } = principal
    return [id, subject, organizationId, clientId, derivedFrom?.id, ...organizationIds].every(
      (one) => one === undefined || (this.#changed.get(one) ?? 0) <= changes,
    )
  }

  #purseOf(credential: string, organizationId: string | undefined): Purse {
    const key = keyOf(credential, organizationId)
    const purse = this.#purses.get(key) ?? new Purse()
    this.#purses.delete(key)
    this.#purses.set(key, purse)
    if (this.#purses.size > this.#maxPurses) this.#purses.delete(this.#purses.keys().next().value as string)
    return purse
  }
}

/** Nobody can read a credential from it. What is asked beside the credential stands in front of it, so that no two questions have one key. */
const keyOf = (credential: string, organizationId?: string, ip?: string): string =>
  organizationId === undefined && ip === undefined
    ? sha256(credential)
    : sha256(`\0${organizationId?.length ?? ''}:${organizationId ?? ''}\0${ip ?? ''}\0${credential}`)

/** The answer without what was of the one request that asked for it. */
const forKeeping = (verdict: Valid | Denied): Valid | Denied => {
  const { principal, limits } = verdict
  return verdict.outcome === 'valid'
    ? { outcome: 'valid', code: 'valid', principal: verdict.principal, limits, source: 'kept' }
    : denied(verdict.code, {
        limits,
        ...(principal && { principal }),
        ...(verdict.missing && { missing: verdict.missing }),
      })
}

const isUsedUp = (verdict: Verdict): boolean => verdict.code === 'rate_limit_exceeded'

const isCost = (cost: number): boolean => cost === 1 || (Number.isInteger(cost) && cost > 1)

const lacking = ({ principal, limits }: Valid, missing: readonly string[], purse: Purse | undefined): Denied =>
  denied('insufficient_scope', { principal, limits: purse ? purse.told() : limits, missing })

/** A kept refusal for want of scopes is one only for requests that need them. */
const verdictFor = (verdict: Denied, scopes: readonly string[] = noScopes): Denied | undefined => {
  if (verdict.code !== 'insufficient_scope') return verdict
  const missing = verdict.principal ? missingScopes(verdict.principal, scopes) : noScopes
  return missing.length > 0 ? { ...verdict, missing } : undefined
}

const withSignal = <T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> => {
  if (!signal) return promise
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
