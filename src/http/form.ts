// Forms as browsers post them (WHATWG URL §5): the only body that pages take.
import type { FastifyInstance } from 'fastify'
import { Refusal } from '../errors.ts'

const mediaType = 'application/x-www-form-urlencoded'
/** Octets. */
const maxLength = 16 * 1024

/** Each field by its name. Throws `invalid_request` where one is repeated: a page never does that. */
const readForm = (body: string): Record<string, string> => {
  const entries = [...new URLSearchParams(body)]
  const fields = Object.fromEntries(entries)
  if (Object.keys(fields).length < entries.length)
    throw new Refusal('invalid_request', 'A field of the form is repeated.')
  return fields
}

/** Lets the routes of this scope take forms and nothing else. */
export const takeForms = (app: FastifyInstance): void => {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    mediaType,
    { parseAs: 'string', bodyLimit: maxLength },
    async (_request: unknown, body: string | Buffer) => readForm(body.toString()),
  )
}
