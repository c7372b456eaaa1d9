// RFC 6749 §3.2, Appendix B: the parameters of a request to an OAuth endpoint, out of a form-encoded body.
import { decodeFormComponent } from '../clients/form-encoding.ts'
import type { Api } from '../config/config.ts'
import type { CallerFacts } from '../verify/decision.ts'
import { OAuthError } from './errors.ts'

export const formMediaType = 'application/x-www-form-urlencoded'

/** Octets. */
export const maxFormLength = 16 * 1024

const maxParameters = 64

/** The parts of a request that an endpoint reads. */
export interface FormRequest {
  /** Undefined where there is none. */
  body: Buffer | undefined
  /** Every one, as it came. */
  authorizationHeaders: readonly string[]
  /** The API of the host that was called, where it names one. */
  hostApi: Api | undefined
  /** The values of all `DPoP` fields. */
  proofs: readonly string[]
  /** What was called: a host of the configuration, and the request target. */
  called: { host: string; target: string }
  caller: CallerFacts
}

/** Every value of every parameter, those without a value left out. */
export class Form {
  readonly #values = new Map<string, string[]>()

  /** Throws `invalid_request` for what is not a form. */
  constructor(body: Buffer) {
    const fields = body.toString('latin1').split('&')
    if (fields.length > maxParameters)
      throw new OAuthError('invalid_request', `The body has more than ${maxParameters} parameters.`)
    for (const field of fields) {
      const equals = field.indexOf('=')
      const [name, value] = [
        decodeFormComponent(equals === -1 ? field : field.slice(0, equals)),
        decodeFormComponent(equals === -1 ? '' : field.slice(equals + 1)),
      ]
      if (name === undefined || value === undefined || /[^\x20-\x7e]/.test(field))
        throw new OAuthError(
          'invalid_request',
          'The body is not well-formed application/x-www-form-urlencoded in UTF-8.',
        )
      const values = this.#values.get(name)
      if (values) values.push(value)
      else this.#values.set(name, [value])
    }
  }

  /** The values of a parameter that may be repeated; one without a value counts as absent. */
  all(name: string): readonly string[] {
    return (this.#values.get(name) ?? []).filter((value) => value !== '')
  }

  /** The values of parameters that may not be repeated; one without a value counts as absent. Throws `invalid_request`. */
  once(names: readonly string[]): ReadonlyMap<string, string> {
    const found = new Map<string, string>()
    for (const name of names) {
      const [value, second] = this.#values.get(name) ?? []
      if (second !== undefined) throw new OAuthError('invalid_request', `The parameter ${name} is repeated.`)
      if (value) found.set(name, value)
    }
    return found
  }
}

/** Throws `invalid_request`. */
export const parseForm = (body: Buffer | undefined): Form => {
  if (body === undefined || body.length === 0)
    throw new OAuthError('invalid_request', `Send the parameters in the body, as ${formMediaType}`)
  return new Form(body)
}
