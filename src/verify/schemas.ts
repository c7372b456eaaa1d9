// Shapes of verify on the wire.
import { Type } from 'typebox'
import { catalogue } from '../errors.ts'
import type { CredentialKind } from '../profiles/profile.ts'
import { maxJwtLength } from '../tokens/jwt.ts'
import { type Check, checks } from './decision.ts'
import { maxCredentialLength } from './credential.ts'
import type { ProofError } from './proofs.ts'

const Kind = Type.Unsafe<CredentialKind>({
  type: 'string',
  enum: ['api_key', 'personal_access_token', 'legacy_token', 'oauth_token', 'jwt', 'cwt'],
})

/** Items of one batch. */
const maxItems = 1000

const VerifyItem = {
  credential: Type.String({
    minLength: 1,
    maxLength: maxCredentialLength,
    description: 'The credential as the caller sent it, without a scheme.',
  }),
  api: Type.Optional(
    Type.String({
      maxLength: 63,
      description: 'Name of the API it was sent to. Default: the default API of the configuration.',
    }),
  ),
  scopes: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 100 }), {
      maxItems: 100,
      description: 'Scopes that the request needs.',
    }),
  ),
  organization_id: Type.Optional(
    Type.String({ minLength: 1, maxLength: 100, description: 'The organization that the request names.' }),
  ),
  ip: Type.Optional(
    Type.String({
      anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }],
      maxLength: 45,
      description: 'Where the caller’s request came from.',
    }),
  ),
  cost: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'Units that the request costs. Default 1.' }),
  ),
  dry_run: Type.Optional(
    Type.Boolean({ description: 'Touches no counter and no last-used time, and uses up no proof.' }),
  ),
  dpop: Type.Optional(
    Type.Object(
      {
        proof: Type.String({
          minLength: 1,
          maxLength: maxJwtLength,
          description: 'The one DPoP header of the request.',
        }),
        method: Type.String({ minLength: 1, maxLength: 64, description: 'Method of the request.' }),
        url: Type.String({
          minLength: 1,
          maxLength: 8192,
          description: 'Address that the caller called, as its API knows it. Query and fragment do not count.',
        }),
      },
      {
        additionalProperties: false,
        description:
          'Of a credential that came as `Authorization: DPoP`. A token that is bound to a key is refused without it.',
      },
    ),
  ),
}

export const VerifyBody = Type.Object(
  {
    ...VerifyItem,
    credential: Type.Optional(VerifyItem.credential),
    items: Type.Optional(
      Type.Array(Type.Object(VerifyItem, { additionalProperties: false }), { minItems: 1, maxItems }),
    ),
  },
  { additionalProperties: false, description: 'One credential, or `items` of them.' },
)

const PrincipalSchema = Type.Object({
  kind: Kind,
  id: Type.String(),
  subject: Type.String(),
  organization_id: Type.Optional(Type.String()),
  organization_ids: Type.Optional(Type.Array(Type.String())),
  client_id: Type.Optional(Type.String()),
  tier: Type.Optional(Type.String()),
  environment: Type.String(),
  scopes: Type.Array(Type.String()),
  expires_at: Type.Optional(Type.String()),
  name: Type.Optional(Type.String()),
  derived_from: Type.Optional(Type.Object({ kind: Kind, id: Type.String() })),
  deprecated: Type.Optional(Type.Boolean()),
})

/** null where the tier is unlimited. */
const NullableInteger = Type.Unsafe<number | null>({ type: ['integer', 'null'] })

const Limit = Type.Object({
  name: Type.String(),
  limit: NullableInteger,
  remaining: NullableInteger,
  reset: NullableInteger,
})

const outcome = {
  valid: Type.Boolean(),
  code: Type.String({ description: `valid, or one of ${Object.keys(catalogue).join(', ')}.` }),
  principal: Type.Optional(PrincipalSchema),
  limits: Type.Optional(Type.Array(Limit)),
  dpop: Type.Optional(
    Type.Object(
      {
        error: Type.Optional(
          Type.Unsafe<ProofError>({ type: 'string', enum: ['invalid_dpop_proof', 'use_dpop_nonce'] }),
        ),
        nonce: Type.Optional(Type.String()),
      },
      {
        description:
          'What the answer to the caller says about its proof: `error` in `WWW-Authenticate: DPoP`, `nonce` as `DPoP-Nonce` (RFC 9449 §7.1, §9).',
      },
    ),
  ),
  request_id: Type.String(),
}

/** One shape for one answer and for a batch: a union would be tried member by member at every answer. */
export const VerifyResponse = Type.Object({
  ...Type.Partial(Type.Object(outcome)).properties,
  results: Type.Optional(Type.Array(Type.Object(outcome))),
})

export const ExplainBody = Type.Object({ ...VerifyItem }, { additionalProperties: false })

export const ExplainResponse = Type.Object({
  ...outcome,
  api: Type.String(),
  checks: Type.Array(
    Type.Object({
      check: Type.Unsafe<Check>({ type: 'string', enum: checks }),
      passed: Type.Union([Type.Boolean(), Type.Null()], { description: 'null: not reached.' }),
      detail: Type.Optional(Type.String()),
    }),
  ),
})
