// The one wiring file: builds every module, mounts every route. Nothing else does.
import type { IncomingMessage } from 'node:http'
import swagger from '@fastify/swagger'
import type { FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { joiningPages } from './accounts/joining-page.ts'
import { loginPages } from './accounts/login-page.ts'
import { Notices } from './accounts/notices.ts'
import { accountsRoutes } from './accounts/routes.ts'
import { setupPages } from './accounts/setup-page.ts'
import { alertsRoutes } from './alerts/routes.ts'
import { Watcher } from './alerts/watcher.ts'
import { issuersOf } from './accounts/upstream/issuer.ts'
import { SignInThrottle } from './accounts/sign-in-throttle.ts'
import { auditRoutes } from './audit/routes.ts'
import { ensureBuiltInClients } from './clients/built-in.ts'
import { DocumentClients } from './clients/documents.ts'
import { KeySets } from './clients/key-sets.ts'
import { clientRoutes } from './clients/routes.ts'
import { SafeFetch } from './clients/safe-fetch.ts'
import type { Api, Config } from './config/config.ts'
import { credentialRoutes } from './credentials/routes.ts'
import { type Dashboard, createDashboard } from './dashboard/dashboard.ts'
import { dashboardPages } from './dashboard/dashboard-pages.ts'
import { deploymentRoutes } from './dashboard/deployment-routes.ts'
import { settle } from './deployment.ts'
import { Refusal } from './errors.ts'
import { createForwardAuth, directForwardAuth, forwardAuthRoutes } from './gateway/forward-auth.ts'
import { createGateway } from './gateway/gateway.ts'
import { putGatewayInFront } from './gateway/in-front.ts'
import { type Site, Sites } from './gateway/sites.ts'
import { requestHost } from './gateway/target.ts'
import { type AuthenticateDeps, LocalOperator, authenticate } from './http/authenticate.ts'
import { description } from './http/description.ts'
import { docsPages } from './http/docs-page.ts'
import { AfterAnswer } from './http/after-answer.ts'
import { answerOnHttp } from './http/direct.ts'
import { type Gather, type Measured, createMetrics } from './http/metrics.ts'
import { operationsRoutes } from './http/operations.ts'
import { answerOnSockets } from './http/plain-connections.ts'
import { type Server, answerHeaders, bodyValidator, createServer, thrownAnswer } from './http/server.ts'
import { createShortWays } from './http/short-way.ts'
import { createTell } from './http/tell.ts'
import { githubLeakRoutes, leaksRoutes } from './leaks/routes.ts'
import { Allowance } from './limits/allowance.ts'
import { directIntrospection } from './oauth/introspect-routes.ts'
import { oauthRoutes } from './oauth/routes.ts'
import { statusListRoutes } from './oauth/status-list-routes.ts'
import { StatusLists } from './oauth/status-lists.ts'
import { directToken } from './oauth/token-routes.ts'
import { mailboxPages } from './mail/mailbox-page.ts'
import type { Mailer } from './mail/mailer.ts'
import { Outbox } from './mail/outbox.ts'
import type { SecretBox } from './secret-box.ts'
import { openStore } from './store/open.ts'
import { pruneExpired } from './store/prune.ts'
import type { Store } from './store/store.ts'
import { Mint } from './tokens/mint.ts'
import { TokenReader } from './tokens/read-token.ts'
import { signingKeyRoutes } from './tokens/routes.ts'
import { SigningKeys } from './tokens/signing-keys.ts'
import { StatusIndexes } from './tokens/status-indexes.ts'
import { SharedMemory } from './threads/memory.ts'
import { Usage } from './usage/usage.ts'
import { usageRoutes } from './usage/routes.ts'
import { LastUse } from './verify/last-use.ts'
import { directVerify } from './verify/direct-routes.ts'
import { Proofs } from './verify/proofs.ts'
import { verifyRoutes } from './verify/routes.ts'
import { standingRoutes } from './verify/standing-routes.ts'
import { VerifyBody } from './verify/schemas.ts'
import { Verifier } from './verify/verify.ts'
import { written } from './verify/wire.ts'
import { createLog } from './log.ts'
import { webhooksRoutes } from './webhooks/routes.ts'
import { Sender } from './webhooks/sender.ts'

export interface AppOptions {
  /** Unix milliseconds. */
  now?: () => number
  log?: Logger
  /** Lets this process's own injected requests act as an operator (the command line). Never with a server that listens. */
  localOperator?: boolean
  /** Whether this may be the first start, which fixes the issuer. Default true. */
  starts?: boolean
  /** What the threads of a server have in common. Default: this is its only one. */
  memory?: SharedMemory
  /** What all threads of the server have measured, where there are others. */
  gather?: Gather
}

export interface App {
  server: Server
  /** With the issuer in force. */
  config: Config
  store: Store
  log: Logger
  mailer: Mailer
  dashboard: Dashboard
  /** Alerts, and webhooks: by themselves once the timers run. */
  watcher: Watcher
  sender: Sender
  /** Seals what is kept secret and must be read back. */
  box: SecretBox
  /** Headers that make an injected request act as the local operator. */
  operatorHeaders: () => Record<string, string>
  /** Loads what the first requests would have to wait for. Never rejects. */
  prepare: () => Promise<unknown>
  /** Starts what happens by itself: writing last uses, giving slices back. `once`: also what one thread of a server does for all. */
  startTimers: (once?: boolean) => void
  /** Writes what is noted in memory: last uses, counts, the latest decisions. */
  writeUse: () => Promise<void>
  /** What this thread has measured. */
  measured: () => Promise<Measured>
  /** Resolves once what follows the answers sent so far is done. */
  settled: () => Promise<void>
  /** Says no on /readyz from now on. */
  stopAccepting: () => void
  /** Finishes what is in flight, gives back what is held, and closes the store. */
  close: () => Promise<void>
}

/** A path without a route, for what is not Latchkey's own. */
const nowhere = '/-/'

/** What metrics call the requests that the gateway has served. */
const gatewayRoute = '/-/gateway'

const minute = 60_000

/** Opens the store, settles it with the configuration, and wires everything. Throws ConfigurationError with what is wrong. */
export const buildApp = async (given: Config, options: AppOptions = {}): Promise<App> => {
  const now = options.now ?? Date.now
  const log = options.log ?? createLog(given.log.level)
  const memory = options.memory ?? new SharedMemory()
  const store = await openStore(given, memory.server)
  const { config, box } = await settle(given, store, options).catch(async (error: unknown) => {
    await store.close()
    throw error
  })

  const metrics = createMetrics(() => store.lookups.asked(), options.gather)
  const keys = new SigningKeys(store, box, config, now)
  await keys.ensure()
  await ensureBuiltInClients(store, config)
  const fetcher = new SafeFetch(config.issuer, now)
  const keySets = new KeySets(fetcher, now)
  const documents = config.oauth.clientMetadataDocuments
    ? new DocumentClients({ store, config, fetcher, memory, log, now })
    : undefined
  const mint = new Mint(keys, new StatusIndexes(store, config.issuer, now), config.issuer, now)
  const tokens = new TokenReader(keys, config.issuer)
  const allowance = new Allowance(store.counters, metrics.counterFault, memory)
  const lastUse = new LastUse(store)
  const mailer = new Outbox({ config, store, box, log, now })
  const usage = new Usage(store, now())
  const watcher = new Watcher({ config, store, allowance, mailer, log })
  const sender = new Sender({ config, store, box, log, now })
  const proofs = new Proofs(box, now, memory)
  const issuers = issuersOf(config, now)
  const afterAnswer = new AfterAnswer(log)
  const notices = new Notices({ store, mailer, issuer: config.issuer, log })
  const throttle = new SignInThrottle(memory)
  const verifier = new Verifier(
    { lookups: store.lookups, tokens, box, keyPrefixes: config.keyPrefixes },
    proofs,
    allowance,
    lastUse,
    now,
    (api, decision, judgement, at) => {
      metrics.observeDecision(api, decision, judgement, at)
      usage.observe(api, decision, judgement, at)
    },
  )
  const local = options.localOperator ? new LocalOperator() : undefined
  const dashboard = createDashboard()
  let accepting = true

  const sites = new Sites(config)
  const siteOf = new WeakMap<IncomingMessage, Site>()
  const matched = (request: IncomingMessage): Site => {
    let site = siteOf.get(request)
    if (!site) siteOf.set(request, (site = sites.match(requestHost(request.rawHeaders), request.url ?? '/')))
    return site
  }
  const rewriteUrl = (request: IncomingMessage): string => {
    const site = matched(request)
    if (site.kind === 'builtin') return request.url ?? '/'
    return site.kind === 'management' ? site.url : nowhere
  }
  /** The API whose profile errors are written in; also of requests that no hook has seen. */
  const profileOf = ({ raw }: FastifyRequest): Api => {
    const site = siteOf.get(raw)
    return site !== undefined && site.kind !== 'builtin' && 'api' in site && site.api !== undefined
      ? site.api
      : config.management
  }

  const secure = config.issuer.startsWith('https:')
  const { requests } = config.log
  const server = createServer({ log, rewriteUrl, profileOf, requests, secure })
  server.decorateRequest('site')
  server.addHook('onRequest', (request, _reply, done) => {
    request.site = siteOf.get(request.raw) as Site
    done()
  })
  server.addHook('onResponse', (request, reply, done) => {
    metrics.observeRequest(
      request.routeOptions.url ?? 'none',
      request.method,
      reply.statusCode,
      reply.elapsedTime / 1000,
    )
    if (reply.statusCode === 503) metrics.storeFault()
    done()
  })

  await server.register(swagger, { openapi: description(config.issuer) })
  const routes = {
    config,
    store,
    box,
    keys,
    keySets,
    documents,
    tokens,
    mint,
    proofs,
    verifier,
    allowance,
    mailer,
    sender,
    issuers,
    notices,
    throttle,
    lastUse,
    memory,
    log,
    now,
    proxies: config.trustedProxies,
  }
  await server.register(
    operationsRoutes({ ...routes, metrics, management: config.management, accepting: () => accepting }),
  )
  await server.register(oauthRoutes(routes))
  await server.register(statusListRoutes(new StatusLists(store, keys, config.issuer, now), now))
  await server.register(setupPages(routes))
  await server.register(loginPages({ ...routes, metrics }))
  await server.register(joiningPages({ ...routes, metrics, afterAnswer }))
  await server.register(mailboxPages(routes))
  await server.register(dashboardPages({ ...routes, dashboard }))
  await server.register(docsPages())
  await server.register(githubLeakRoutes({ ...routes, fetcher }))
  const forwardAuth = createForwardAuth({ ...routes, sites })
  await server.register(forwardAuthRoutes(forwardAuth))
  await server.register(
    async (api) => {
      api.decorateRequest('actor', null as never)
      api.decorateRequest('principal', undefined)
      api.addHook(
        'onRequest',
        authenticate({
          ...routes,
          management: config.management,
          local,
          sessions: { store, lastUse, secure },
        } satisfies AuthenticateDeps),
      )
      await api.register(verifyRoutes(routes))
      await api.register(standingRoutes(routes))
      await api.register(accountsRoutes(routes))
      await api.register(deploymentRoutes(routes))
      await api.register(credentialRoutes(routes))
      await api.register(clientRoutes(routes))
      await api.register(usageRoutes(routes))
      await api.register(auditRoutes(routes))
      await api.register(alertsRoutes(routes))
      await api.register(webhooksRoutes(routes))
      await api.register(leaksRoutes(routes))
      await api.register(signingKeyRoutes(routes))
      // here, so that the hook above comes first: who calls is asked before what there is
      api.setNotFoundHandler(() => {
        throw new Refusal('not_found')
      })
    },
    { prefix: '/api/v1' },
  )
  const { management } = config
  const tell = createTell(metrics, log, requests)
  const gateway = createGateway({
    ...routes,
    sites,
    headers: answerHeaders(secure),
    failed: (thrown, api, id) => thrownAnswer(thrown, api, id, log),
    answered: ({ request, ...passed }) => tell(gatewayRoute, request, passed),
  })
  const shortWays = createShortWays({
    routes: [
      directVerify({ ...routes, management }, bodyValidator(VerifyBody)),
      directForwardAuth(forwardAuth),
      ...directToken(routes),
      directIntrospection(routes),
    ],
    siteOf: (host, target) => sites.match(host, target),
    serviceOf(request) {
      const site = sites.match(requestHost(request.rawHeaders), request.url ?? '/')
      if (site.kind === 'builtin' || site.kind === 'management') return undefined
      return (body, response) => gateway.serve(request, body.length > 0 ? body : undefined, response, site)
    },
    headers: answerHeaders(secure),
    failed: (thrown, id) => written(thrownAnswer(thrown, management, id, log)),
    answered: ({ path }, request, id, status, milliseconds) => tell(path, request, { id, status, milliseconds }),
  })
  const ends = [
    putGatewayInFront(server.server, gateway, matched),
    answerOnHttp(server.server, shortWays),
    answerOnSockets(server.server, shortWays),
  ]
  server.addHook('preClose', async () => {
    for (const end of ends) end()
  })
  await server.ready()

  const timers: NodeJS.Timeout[] = []
  let closed = false
  const attempt = (what: string, work: () => Promise<unknown>): Promise<unknown> =>
    work().catch((error: unknown) => {
      if (!closed) log.error({ err: error }, `could not ${what}`) // what the end has cut short goes on at the next start
    })
  /** Left out as long as the one before goes on. */
  const every = (milliseconds: number, what: string, work: () => Promise<unknown>): void => {
    let busy = false
    const next = async (): Promise<void> => {
      if (busy) return
      busy = true
      await attempt(what, work)
      busy = false
    }
    timers.push(setInterval(() => void next(), milliseconds).unref())
  }
  const writeUse = async (): Promise<void> => {
    await usage.flush(now())
    await lastUse.flush()
  }
  return {
    server,
    config,
    store,
    log,
    mailer,
    dashboard,
    watcher,
    sender,
    box,
    operatorHeaders: () => {
      if (!local) throw new Error('This app was built without a local operator.')
      return local.headers()
    },
    prepare: () => attempt('load what calls upstreams', () => gateway.prepare()),
    startTimers(once = true) {
      mailer.start()
      sender.start()
      every(10_000, 'give back slices', () => allowance.sweep(now()))
      every(15_000, 'write last uses', () => lastUse.flush())
      every(1_000, 'write what was counted', () => usage.tick(now()))
      if (!once) return
      every(minute, 'look for alerts', () => watcher.run(now()).then(() => sender.kick()))
      let resumeAt: string | undefined
      every(10 * minute, 'prune expired rows', async () => {
        ;({ resumeAt } = await pruneExpired(store, now(), resumeAt))
      })
      every(60 * minute, 'rotate signing keys', () => keys.rotateDue())
    },
    writeUse,
    measured: metrics.measured,
    settled: () => afterAnswer.idle(),
    stopAccepting() {
      accepting = false
    },
    async close() {
      accepting = false
      for (const timer of timers) clearInterval(timer)
      await server.close()
      gateway.close()
      await watcher.close()
      await sender.close()
      await afterAnswer.idle()
      await mailer.close()
      await allowance.close()
      await attempt('write what was counted', writeUse)
      closed = true
      await store.close()
    },
  }
}
