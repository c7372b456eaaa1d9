// RFC 6749 §4.4: a client asks for itself.
import { grantTypes } from '../../clients/settings.ts'
import type { ClientRecord } from '../../store/store.ts'
import { OAuthError } from '../errors.ts'
import type { Grant } from '../grant.ts'

export const clientCredentials: Grant = {
  grantType: grantTypes.clientCredentials,
  needsClient: true,
  parameters: [],
  takesAudience: false,
  async handle({ mint }, { client }) {
    const { id, organization, environment, scopes } = client as ClientRecord // needsClient
    if (organization === null)
      throw new OAuthError('unauthorized_client', 'This client belongs to nobody here and can act for people alone')
    return {
      kinds: ['oauth_token'],
      at: async (api) => ({
        scopes: scopes ?? Object.keys(api.scopes),
        environment,
        mint: (granted, { thumbprint }) =>
          mint.accessToken(api, {
            subject: id,
            clientId: id,
            scopes: granted,
            organizationId: organization.id,
            environment,
            thumbprint,
          }),
      }),
    }
  },
}
