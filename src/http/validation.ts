// What is wrong with a request that its schema refuses, in words that say the way out.
import type { FastifySchemaValidationError } from 'fastify/types/schema.js'
import { clientIdPattern, idPattern, namePattern, scopePattern } from './schemas.ts'

/** What the patterns of shared schemas stand for. */
const patternWords = new Map<unknown, string>([
  [idPattern, 'must be an id: a lower-case UUIDv7'],
  [clientIdPattern, 'must be the id of a client: a lower-case UUIDv7, or the address of its metadata document'],
  [namePattern, 'must not be blank, nor hold control characters'],
  [scopePattern, 'must be scopes, separated by single spaces'],
])

/** Ajv's words where there are no better ones. Never the value: it may be a secret in the wrong place. */
export const inWords = ({ keyword, params, message }: FastifySchemaValidationError): string => {
  switch (keyword) {
    case 'additionalProperties': {
      const name = String(params.additionalProperty)
      // what is no word of a field's name may be a value itself
      return /^[A-Za-z_]{1,40}$/.test(name) ? `has no field "${name}"` : 'has a field that is not known here'
    }
    case 'enum':
      return `must be one of ${(params.allowedValues as unknown[]).join(', ')}`
    case 'minLength':
      return params.limit === 1 ? 'must not be empty' : `must have at least ${String(params.limit)} characters`
    case 'maxLength':
      return `must have at most ${String(params.limit)} characters`
    case 'pattern':
      return patternWords.get(params.pattern) ?? 'is not of the right form'
    default:
      return message ?? 'is not valid'
  }
}
