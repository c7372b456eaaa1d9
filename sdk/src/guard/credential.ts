// The one credential of a request, in the place that the API has for it (RFC 6750 §2, RFC 9449 §7.1), or why there is none.

export interface Presentation {
  /** `Authorization: Bearer <credential>`. */
  readonly bearer?: boolean
  /** `Authorization: <credential>` without a scheme. */
  readonly bare?: boolean
  /** A header of the API's own, such as `X-API-TOKEN`. */
  readonly header?: string
  /** `Authorization: DPoP <credential>` with a proof beside it. */
  readonly dpop?: boolean
}

export type Presented =
  | { readonly credential: string; readonly proofs?: readonly string[] }
  | 'missing'
  /** Two of them, or one header twice. */
  | 'several'

/** The values of every field of a lower-case name, as they came. */
export type Fields = (name: string) => readonly string[]

const visible = /^[\x21-\x7e]+$/
/** A repeated header as intermediaries join it (RFC 9110 §5.3). No credential holds white space. */
const joined = /,[ \t]/

/** A query string is never looked at. */
export const presentedCredential = (fields: Fields, { bearer, bare, header, dpop }: Presentation): Presented => {
  const authorization = fields('authorization')
  const own = header === undefined || header.toLowerCase() === 'authorization' ? [] : fields(header.toLowerCase())
  if (authorization.length + own.length > 1) return 'several'
  const found = (own[0] ?? authorization[0] ?? '').trim()
  if (found === '') return 'missing'
  if (joined.test(found)) return 'several'
  if (own.length === 1) return { credential: found }
  const scheme = found.slice(0, 7).toLowerCase()
  if (bearer && scheme === 'bearer ') return { credential: found.slice(7).trimStart() }
  if (bare && visible.test(found) && scheme !== 'bearer' && scheme !== 'dpop') return { credential: found }
  if (dpop && scheme.startsWith('dpop ')) return { credential: found.slice(5).trimStart(), proofs: fields('dpop') }
  return 'missing'
}

/** Fields of node:http, names and values in turn: its merged form hides repetitions. */
export const rawFields =
  (rawHeaders: readonly string[]): Fields =>
  (name) => {
    const values: string[] = []
    for (let i = 0; i < rawHeaders.length; i += 2) {
      const spelled = rawHeaders[i] as string
      if (spelled.length === name.length && spelled.toLowerCase() === name) values.push(rawHeaders[i + 1] as string)
    }
    return values
  }
