// POST /oauth/device_authorization (RFC 8628 §3.1) on Fastify.
import { Type } from 'typebox'
import type { FastifyPluginAsync } from 'fastify'
import { clientAddress } from '../http/client-address.ts'
import { deviceAuthorization } from './device/device-authorization.ts'
import { clientFields, formRequestOf, refuseOtherMethods, takeOAuthForms } from './endpoint.ts'
import { formMediaType } from './form.ts'
import type { OAuthDeps } from './grant.ts'

const ErrorAnswer = Type.Object({ error: Type.String(), error_description: Type.String() })

const url = '/oauth/device_authorization'

const schema = {
  operationId: 'deviceAuthorization',
  summary: 'Get codes for a device without a browser (RFC 8628)',
  tags: ['OAuth'],
  security: [],
  consumes: [formMediaType],
  body: Type.Object({
    ...clientFields,
    scope: Type.Optional(Type.String({ description: 'Space-separated. Default: all that may be granted.' })),
    resource: Type.Optional(Type.String({ description: 'Audience of the API that the token is for (RFC 8707).' })),
  }),
  response: {
    200: Type.Object({
      device_code: Type.String({ description: 'What the device asks the token endpoint with.' }),
      user_code: Type.String({ description: 'What the person enters.' }),
      verification_uri: Type.String({ description: 'Where the person enters it.' }),
      verification_uri_complete: Type.String({ description: 'The same with the code, as for a QR code.' }),
      expires_in: Type.Integer({ description: 'Seconds.' }),
      interval: Type.Integer({ description: 'Seconds to wait between two requests to the token endpoint.' }),
    }),
    400: ErrorAnswer,
    401: ErrorAnswer,
    429: ErrorAnswer,
  },
}

export const deviceRoutes =
  (deps: OAuthDeps): FastifyPluginAsync =>
  async (app) => {
    takeOAuthForms(app, 'device authorization refused')
    const authorizeDevice = deviceAuthorization(deps)
    app.post(url, { schema }, async (request, reply) => {
      const { answer, nonce } = await authorizeDevice(
        formRequestOf(request, request.id, deps),
        clientAddress(request.raw, deps.proxies),
      )
      if (nonce !== undefined) reply.header('dpop-nonce', nonce)
      return answer
    })
    refuseOtherMethods(app, url)
  }
