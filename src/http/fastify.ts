// What Latchkey's hooks put on a Fastify request.
import type { Actor } from '../accounts/actor.ts'
import type { Site } from '../gateway/sites.ts'
import type { Principal } from '../verify/decision.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks, on every route of the management API. */
    actor: Actor
    /** What the caller's credential stands for. */
    principal: Principal | undefined
    /** What host and path lead to. */
    site: Site
  }
  interface FastifyContextConfig {
    /** false: the route needs no role of a person who is signed in, and none is read; the actor has none then. Default true. */
    asksForRoles?: boolean
  }
}
