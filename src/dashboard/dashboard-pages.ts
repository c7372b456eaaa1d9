// The dashboard's page at every address of its own, for people who are signed in, and its assets. Mounted at the root of the issuer's host.
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { readReturnTo } from '../accounts/return-to.ts'
import type { Config } from '../config/config.ts'
import { Refusal } from '../errors.ts'
import { html, layout, pageHeaders } from '../http/page.ts'
import { signedIn } from '../http/signed-in.ts'
import type { Store } from '../store/store.ts'
import type { LastUse } from '../verify/last-use.ts'
import type { Dashboard } from './dashboard.ts'
import type { Asset, Coding } from './files.ts'

/** Scripts and styles of this server's own files alone, and no text that becomes code (W3C Trusted Types). */
const policy = [
  `default-src 'none'`,
  `script-src 'self'`,
  `style-src 'self'`,
  `connect-src 'self'`,
  `img-src 'self' data:`,
  `font-src 'self'`,
  `form-action 'self'`,
  `frame-ancestors 'none'`,
  `base-uri 'none'`,
  `require-trusted-types-for 'script'`,
  `trusted-types 'none'`,
].join('; ')

/** Names carry a hash of what is in them. */
const forever = 'public, max-age=31536000, immutable'

/** The coding that the client takes and that is smallest (RFC 9110 §12.5.3); weights are only asked whether they are zero. */
const codingOf = (accepted: string | undefined, { coded }: Asset): Coding | undefined => {
  const taken = new Set(
    (accepted ?? '')
      .split(',')
      .map((part) => part.trim().toLowerCase())
      .filter((part) => !/;\s*q=0(?:\.0*)?$/.test(part))
      .map((part) => part.replace(/\s*;.*/s, '')),
  )
  return (['br', 'gzip'] as const).find((coding) => taken.has(coding) && coded[coding] !== undefined)
}

const send = (request: FastifyRequest, reply: FastifyReply, asset: Asset): FastifyReply => {
  const coding = codingOf(request.headers['accept-encoding'], asset)
  reply.header('vary', 'accept-encoding').type(asset.type)
  if (coding !== undefined) reply.header('content-encoding', coding)
  return reply.send(coding === undefined ? asset.body : asset.coded[coding])
}

const missingPage = (): string =>
  layout(
    'The dashboard is not built',
    html`<p>
        Everything else works: the API, sign-in, and the <code>latchkey</code> command. The server’s terminal says what is
        wrong with the dashboard.
      </p>
      <p>In the folder of the server, run <code>npm ci</code> and <code>npm run build</code>, then start the server again.</p>`,
  )

export interface DashboardDeps {
  config: Pick<Config, 'issuer'>
  store: Store
  lastUse: Pick<LastUse, 'touch'>
  dashboard: Dashboard
  /** Unix milliseconds. */
  now: () => number
}

export const dashboardPages =
  ({ config, store, lastUse, dashboard, now }: DashboardDeps): FastifyPluginAsync =>
  async (app) => {
    const secure = config.issuer.startsWith('https:')
    const headers = { ...pageHeaders(), 'content-security-policy': policy }

    // the same at every address: it tells nobody which organizations there are
    const page = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      if (!(await signedIn({ store, lastUse, secure }, request, now()))) {
        const back = readReturnTo(request.url)
        return reply
          .header('cache-control', 'no-store')
          .redirect(back === undefined ? '/login' : `/login?return_to=${encodeURIComponent(back)}`, 303)
      }
      const files = await dashboard.files()
      if (!files) return reply.code(503).headers(pageHeaders()).send(missingPage())
      return send(request, reply.headers(headers), files.page)
    }

    for (const path of ['/organizations', '/account', '/operator']) {
      app.get(path, { schema: { hide: true } }, page)
      app.get(`${path}/*`, { schema: { hide: true } }, page)
    }
    app.get('/', { schema: { hide: true } }, (_request, reply) => reply.redirect('/organizations'))

    app.get('/assets/:name', { schema: { hide: true } }, async (request, reply) => {
      const asset = (await dashboard.files())?.assets.get((request.params as { name: string }).name)
      if (!asset) throw new Refusal('not_found')
      reply.headers({
        'cache-control': forever,
        etag: asset.etag,
        'cross-origin-resource-policy': 'same-origin',
        'x-content-type-options': 'nosniff',
      })
      if (request.headers['if-none-match'] === asset.etag) return reply.code(304).send()
      return send(request, reply, asset)
    })
  }
