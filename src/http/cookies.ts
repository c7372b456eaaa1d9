// RFC 6265: Latchkey's own cookies. Where it is reached over https their names begin with `__Host-`, so that no other host can set them (RFC 6265bis §4.1.3).
import type { IncomingMessage } from 'node:http'
import type { FastifyReply } from 'fastify'

/** Characters of a Cookie header that are looked at; browsers send less. */
const maxLength = 16_384

const nameOn = (name: string, secure: boolean): string => (secure ? `__Host-${name}` : name)

/** The value of the cookie; undefined where it is missing, or sent twice: one of them is then somebody else's. */
export const readCookie = ({ headers }: IncomingMessage, name: string, secure: boolean): string | undefined => {
  const { cookie = '' } = headers
  if (cookie.length > maxLength) return undefined
  const start = `${nameOn(name, secure)}=`
  const found = cookie
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(start))
  return found.length === 1 ? found[0]?.slice(start.length) : undefined
}

/** `maxAgeSeconds` undefined: until the browser closes; 0: forgotten at once. `value`: no character that would need quoting. */
export const setCookie = (
  reply: FastifyReply,
  name: string,
  value: string,
  { secure, maxAgeSeconds }: { secure: boolean; maxAgeSeconds?: number },
): FastifyReply =>
  reply.header(
    'set-cookie',
    [
      `${nameOn(name, secure)}=${value}`,
      'Path=/',
      ...(maxAgeSeconds === undefined ? [] : [`Max-Age=${maxAgeSeconds}`]),
      'HttpOnly',
      'SameSite=Lax',
      ...(secure ? ['Secure'] : []),
    ].join('; '),
  )
