// TypeBox schemas that many routes share: each is the type, the validation, the serialisation and the OpenAPI at once.
import { type TSchema, Type } from 'typebox'

export const idPattern = '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'
export const namePattern = '^(?=.*\\S)[^\\x00-\\x1f\\x7f]*$'
export const scopePattern = '^[\\x21\\x23-\\x5b\\x5d-\\x7e]+( [\\x21\\x23-\\x5b\\x5d-\\x7e]+)*$'

/** A lower-case UUIDv7 (RFC 9562 §5.7). */
export const Id = Type.String({
  pattern: idPattern,
  description: 'A lower-case UUIDv7.',
})

export const clientIdPattern = `${idPattern}|^https?://[\\x21-\\x7e]{1,490}$|^latchkey-[a-z]{1,20}$`

/** A client's: a UUIDv7, the address of its metadata document, or a built-in name. */
export const ClientId = Type.String({
  pattern: clientIdPattern,
  description: 'A lower-case UUIDv7; of a client known by its metadata document, its address.',
})

/** What people call a thing. Not blank, no control characters. */
export const Name = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: namePattern,
  description: 'What people call it.',
})

/** RFC 3339, UTC. */
export const Time = Type.String({ format: 'date-time', maxLength: 40, description: 'RFC 3339, UTC.' })

/** Space-separated scope tokens (RFC 6749 §3.3). */
export const Scope = Type.String({
  minLength: 1,
  maxLength: 2000,
  pattern: scopePattern,
  description: 'Scopes, separated by single spaces (RFC 6749 §3.3).',
})

export const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])

/** The body of an answer to a deletion. */
export const Deleted = Type.Object({ id: Id, deleted: Type.Literal(true) })
