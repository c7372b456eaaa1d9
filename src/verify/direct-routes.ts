// The short way of POST /api/v1/verify: one credential, asked about in one plain body.
import { type AuthenticateDeps, recognise } from '../http/authenticate.ts'
import { thrownAnswer } from '../http/server.ts'
import type { DirectRoute, WholeAnswer } from '../http/short-way.ts'
import { andThen, orElse } from '../store/maybe-promise.ts'
import { type Item, type VerifyDeps, apiOf, judgeItem, requireVerify } from './items.ts'
import { type Answer, written } from './wire.ts'

const mediaTypes: ReadonlySet<string> = new Set(['application/json', 'application/json; charset=utf-8'])

/** Octets: more is a batch, or nothing that is asked all the time. */
const maxBodyLength = 60 * 1024

/**
 * A credential, and perhaps the API's name, without any escape: what the parser and the schema make of it is plain to see.
 * Anything else is theirs.
 */
const usualBody = /^\{ ?"credential" ?: ?"([!#-[\]-~]{1,8192})"(?: ?, ?"api" ?: ?"([\w.-]{1,63})")? ?\}$/

export const usualItem = (body: Buffer): Item | undefined => {
  const usual = usualBody.exec(body.toString('latin1'))
  if (!usual) return undefined
  const [, credential = '', api] = usual
  return api === undefined ? { credential } : { credential, api }
}

const contentType = { 'content-type': 'application/json; charset=utf-8' }

/** `isItem`: the body's own schema, as the framework's route holds to it. */
export const directVerify = (
  deps: VerifyDeps & Omit<AuthenticateDeps, 'sessions' | 'local'>,
  isItem: (body: unknown) => boolean,
): DirectRoute => {
  const { config, log, management } = deps

  const parse = (body: Buffer): Item | undefined => {
    try {
      const parsed = JSON.parse(body.toString()) as Partial<Item>
      return isItem(parsed) && parsed.credential !== undefined && !('items' in parsed) ? (parsed as Item) : undefined
    } catch {
      return undefined // not JSON
    }
  }

  return {
    method: 'POST',
    path: '/api/v1/verify',
    query: false,
    takes: { mediaTypes, length: maxBodyLength },
    answer(request, body, id, site) {
      const item = usualItem(body) ?? parse(body)
      if (!item) return undefined
      return andThen(recognise(deps, request, site, id), (caller): WholeAnswer | Promise<WholeAnswer> => {
        const { headers } = caller
        const refuse = (answer: Answer): WholeAnswer =>
          written({ ...answer, headers: { ...headers, ...answer.headers } })
        if ('answer' in caller) return refuse(caller.answer)
        return orElse<WholeAnswer>(
          () => {
            requireVerify(caller.principal)
            return andThen(judgeItem(deps, apiOf(config, caller.principal, item.api), item, id), (text) => ({
              status: 200,
              headers: { ...headers, ...contentType },
              body: text,
            }))
          },
          (thrown) => refuse(thrownAnswer(thrown, management, id, log, caller.principal)),
        )
      })
    },
  }
}
