// Where Latchkey and oidc-provider differ, and the text that decides it.

interface Difference {
  ours: string
  theirs: string
  because: string
}

type Entry = readonly [name: string, difference: Difference]

/** Cases that differ alike, for one reason. */
const alike = (because: string, ours: string, theirs: string, names: readonly string[]): Entry[] =>
  names.map((name) => [name, { ours, theirs, because }])

const authorization: Entry[] = [
  ...alike(
    'RFC 6749 §3.3: without a scope a default may be granted, here what the API has for the client; oidc-provider has no default and denies.',
    'sent query code',
    'sent query access_denied',
    ['authorize: no scope', 'authorize: an empty scope'],
  ),
  ...alike(
    'OpenID Connect Core §11: without openid the scope asks for nothing of OpenID Connect; here it is granted, there dropped, which leaves nothing to allow.',
    'sent query code',
    'sent query access_denied',
    ['authorize: scope=offline_access'],
  ),
  ...alike(
    'RFC 6749 §3.1: parameters that are not understood are ignored, twice too; nothing here is translated.',
    'sent query code',
    'sent query invalid_request',
    ['authorize: ui_locales twice'],
  ),
  ...alike(
    'OpenID Connect Core §3.1.2.1 defines select_account; oidc-provider has no such prompt unless it is written for it.',
    'sent query code',
    'sent query invalid_request',
    ['authorize: prompt=select_account'],
  ),
  ...alike(
    'OpenID Connect Core §3.1.2.1: redirect_uri is REQUIRED, however many are registered.',
    'sent query invalid_request',
    'sent query code',
    ['authorize: no redirect_uri, of a client with one, with openid'],
  ),
  ...alike(
    'OpenID Connect Core §3.1.2.1: max_age is an integer of seconds; oidc-provider takes whatever JavaScript makes a number of.',
    'sent query invalid_request',
    'sent query code',
    ['authorize: max_age=1e3', 'authorize: max_age= 10', 'authorize: max_age=+10'],
  ),
  ...alike(
    'RFC 7636 §4.2: an S256 challenge is the base64url of 32 octets: 43 characters of that alphabet. No verifier could meet another one.',
    'sent query invalid_request',
    'sent query code',
    [
      `authorize: code_challenge=${'a'.repeat(44)}`,
      'authorize: code_challenge=aaaaaaaaaa… (128)',
      `authorize: code_challenge=${'a'.repeat(42)}.`,
    ],
  ),
  ...alike(
    'RFC 9449 §10: dpop_jkt is the base64url of a SHA-256 thumbprint: 43 characters. No proof could meet another one.',
    'sent query invalid_request',
    'sent query code',
    ['authorize: dpop_jkt=x', `authorize: dpop_jkt=${'a'.repeat(42)}`],
  ),
  ...alike(
    'OWASP ASVS 5.0 §2.2.1: what is kept or carried on has a longest length; RFC 6749 §4.1.2.1: invalid_request.',
    'sent query invalid_request',
    'sent query code',
    [
      'authorize: login_hint=xxxxxxxxxx… (300)',
      'authorize: state=xxxxxxxxxx… (3000)',
      'authorize: nonce=xxxxxxxxxx… (2000)',
    ],
  ),
  ...alike(
    'RFC 6749 §3.1.1: a response type that is not understood is answered as in §4.1.2.1, which is in the query.',
    'sent query unsupported_response_type',
    'sent fragment unsupported_response_type',
    [
      'authorize: response_type=token',
      'authorize: response_type=id_token',
      'authorize: response_type=code token',
      'authorize: response_type=code id_token',
      'authorize: response_type=code id_token token',
      'authorize: two mistakes: response_type and scope',
    ],
  ),
  ...alike(
    'RFC 6749 §3.1.1: response types are compared as they are registered; "code code" is not.',
    'sent query unsupported_response_type',
    'sent query code',
    ['authorize: response_type=code code'],
  ),
  ...alike(
    'RFC 9700 §2.1.2, §4.3.1: no code in a fragment; the metadata offers query and form_post.',
    'sent query invalid_request',
    'sent fragment code',
    ['authorize: response_mode=fragment'],
  ),
  ...alike(
    'As above: an answer in a mode that is not offered would be no better than the code.',
    'sent query invalid_request',
    'sent fragment invalid_request',
    ['authorize: response_mode=fragment, and another mistake'],
  ),
  ...alike(
    'RFC 6749 §4.1.2.1: an unsupported value is invalid_request; unsupported_response_mode is not registered with IANA.',
    'sent query invalid_request',
    'sent query unsupported_response_mode',
    [
      'authorize: response_mode=web_message',
      'authorize: response_mode=jwt',
      'authorize: response_mode=unknown',
      'authorize: response_mode=QUERY',
      'authorize: response_mode=unknown, and another mistake',
    ],
  ),
  ...alike(
    'RFC 6749 §4.1.2.1: an unknown scope is invalid_scope; oidc-provider drops it and finds nothing left to allow.',
    'sent query invalid_scope',
    'sent query access_denied',
    [
      'authorize: scope=unknown',
      'authorize: scope=OPENID',
      'authorize: scope=manage',
      'authorize: scope=verify',
      'authorize: scope=openid,read',
    ],
  ),
  ...alike(
    'RFC 6749 §3.3 lets a server ignore an unknown scope or refuse it: who asks for a right gets all that was asked for, or hears of it.',
    'sent query invalid_scope',
    'sent query code',
    ['authorize: scope=openid unknown', 'authorize: scope=read unknown'],
  ),
  ...alike(
    'RFC 8707 §2.1 lets a server refuse several resources: a token here is for one API.',
    'sent query invalid_target',
    'sent query code',
    ['authorize: two resources'],
  ),
  ...alike(
    'RFC 6749 Appendix A: no parameter has control characters. A query that cannot be read names no redirect URI that could be trusted.',
    'shown 400 invalid_request',
    'sent query invalid_scope',
    ['authorize: scope=openid%09read'],
  ),
  ...alike(
    'As above: RFC 6749 Appendix A.5, a state is of printable characters.',
    'shown 400 invalid_request',
    'sent query code',
    ['authorize: state=%00', 'authorize: state=a%0Ab'],
  ),
  ...alike(
    'RFC 9126 §4: with a request_uri everything is in what was pushed, the redirect URI too; where nothing was, there is nowhere to send to.',
    'shown 400 invalid_request',
    'sent query request_uri_not_supported',
    [
      'authorize: request_uri=https://app.example.com/request',
      'authorize: request_uri=urn:example:request',
      'authorize: request_uri=x',
    ],
  ),
  ...alike('As above.', 'shown 400 invalid_request', 'sent query invalid_request_uri', [
    'authorize: request_uri=urn:ietf:params:oauth:request_uri:unknown',
  ]),
  ...alike(
    'RFC 9126 §6: what a client that must push sends through a browser is not looked at, its redirect URI neither.',
    'shown 400 invalid_request',
    'sent query invalid_request',
    ['authorize: a client that must push'],
  ),
  ...alike(
    'RFC 6749 §3.1: parameters that are not understood are ignored; registration is of Self-Issued OpenID Providers (Core §7.2.1).',
    'sent query code',
    'sent query registration_not_supported',
    ['authorize: registration={}'],
  ),
  ...alike(
    'RFC 9126 §4, RFC 9101 §6.3: what stands beside the request_uri counts for nothing.',
    'sent query code',
    'shown 400 invalid_request',
    ['pushed request: what the browser adds counts for nothing'],
  ),
  ...alike(
    'RFC 9126 §2.2: a request_uri is bound to its client; to another it is as good as unknown, and shown as that.',
    'shown 400 invalid_request',
    'sent query invalid_request_object',
    ['pushed request: by another client'],
  ),
  ...alike(
    'RFC 9126 §7.3: good once. RFC 6749 §4.1.2.1 has no code for what is only shown.',
    'shown 400 invalid_request',
    'shown 400 invalid_request_uri',
    ['pushed request: a second time'],
  ),
]

const token: Entry[] = [
  ...alike(
    'OAuth 2.1 §4.1.3 drops redirect_uri where there is PKCE, which does more; one that is sent must be right.',
    '200',
    '400 invalid_request',
    ['code: no redirect_uri', 'code: an empty redirect_uri'],
  ),
  ...alike(
    'RFC 6749 §3.2: no parameter twice; scope is one of the token endpoint (§3.3).',
    '400 invalid_request',
    '200',
    ['code: scope twice'],
  ),
  ...alike('RFC 8707 §2: resource may be repeated, and here names one API each time.', '200', '400 invalid_target', [
    'code: resource twice',
  ]),
  ...alike(
    'RFC 6749 Appendix A.11: a code is of printable characters; a body with others is malformed.',
    '400 invalid_request',
    '400 invalid_grant',
    ['code: a code with a NUL'],
  ),
  ...alike(
    'RFC 7636 §4.6: a verifier that does not give the challenge is invalid_grant; one that is malformed never does.',
    '400 invalid_grant',
    '400 invalid_request',
    [
      'code: a verifier that is too short',
      'code: a verifier that is too long',
      'code: a verifier with other characters',
    ],
  ),
  ...alike(
    'RFC 6749 §5.2: a client that may not use the grant is unauthorized_client.',
    '400 unauthorized_client',
    '400 invalid_request',
    [
      'code: by a client without the grant',
      'token request: a public client',
      'token request: a client without the grant',
      'refresh: by a client without the grant',
      'device: by a client without the grant',
      'device authorization: a client without the grant',
    ],
  ),
  ...alike(
    'RFC 6749 §3.3, §5.2: the token endpoint takes a scope; one that is unknown, malformed or exceeds what was granted is invalid_scope.',
    '400 invalid_scope',
    '200',
    [
      'code: with a wider scope',
      'code: with an unknown scope',
      'code: with a malformed scope',
      'token request: scope=unknown',
      'token request: scope=read unknown',
      'token request: scope=openid',
      'token request: scope=verify',
      'device authorization: an unknown scope',
    ],
  ),
  ...alike(
    'RFC 6749 §5.2: "no client authentication included" is invalid_client, with 401.',
    '401 invalid_client',
    '400 invalid_request',
    ['token request: nobody', 'token request: an empty client_id', 'introspect: by nobody', 'revoke: by nobody'],
  ),
  ...alike(
    'RFC 6749 §5.2: whoever tries to authenticate in the Authorization header and fails is answered 401 with the scheme, whatever is wrong.',
    '401 invalid_client Basic',
    '400 invalid_request',
    [
      'token request: an empty secret by Basic',
      'token request: Basic without a colon',
      'token request: Basic with broken percent-encoding',
      'token request: Basic that is not base64',
      'token request: Basic without anything',
      'token request: the scheme Bearer',
    ],
  ),
  ...alike(
    'RFC 6749 §5.2 has no order; the grant is known first, because token exchange goes without a client (RFC 8693 §2.1).',
    '400 unsupported_grant_type',
    '401 invalid_client Basic',
    ['token request: an unknown grant_type and a wrong secret'],
  ),
  ...alike(
    'WHATWG URL §5.1 would leave %zz as it is; RFC 6749 Appendix B wants UTF-8 percent-encoded: what is not is refused.',
    '400 invalid_request',
    '200',
    ['token request: a body that is not well-formed'],
  ),
  ...alike(
    'RFC 9110 §15.5.6: a resource that knows POST alone answers 405 and says so.',
    '405 invalid_request',
    '404',
    ['token request: by GET', 'introspect: by GET', 'revoke: by GET', 'push: by GET'],
  ),
  ...alike(
    'RFC 9700 §4.14.2 wants reuse found, and leaves room for answers that were lost: within ten seconds the same successor is told again.',
    '200',
    '400 invalid_grant',
    ['refresh: a second time at once'],
  ),
]

const others: Entry[] = [
  ...alike(
    'RFC 7009 §2.1: with an access token the refresh token MAY be revoked too; here each goes by itself.',
    '200',
    '400 invalid_grant',
    ['refresh after the access_token was revoked'],
  ),
  ...alike(
    'RFC 7662 §2.2: whatever is no token that could be used is not active; an id_token opens nothing.',
    '200, active false',
    '400 unsupported_token_type',
    ['introspect: an id_token'],
  ),
  ...alike(
    'RFC 7009 §2.2: an invalid token is no error; unsupported_token_type (§2.2.1) is for kinds of token of ours.',
    '200',
    '400 unsupported_token_type',
    ['revoke: an id_token'],
  ),
  ...alike(
    'RFC 7662 §2.1: the endpoint MUST require authorization, and a public client has nothing to show.',
    '401 invalid_client',
    '200, active true',
    ['introspect: by a public client, its own token'],
  ),
  ...alike('As above.', '401 invalid_client', '200, active false', [
    'introspect: by a public client, an unknown token',
  ]),
  ...alike(
    'RFC 7009 §2.1 wants the client told, §2.2 no error that it could not handle: a foreign token is answered as an unknown one, so that nobody learns that it exists.',
    '200',
    '400 invalid_request',
    ['revoke: a refresh token of another client', 'revoke: an access token of another client'],
  ),
  ...alike(
    'RFC 6750 §3, §3.1: a request without a token that is taken here is answered 401 with the challenge.',
    '401 invalid_token Bearer',
    '400 invalid_request Bearer',
    ['userinfo: an empty token', 'userinfo: the scheme Basic', 'userinfo: the token in the query'],
  ),
  ...alike(
    'RFC 6750 §3.1: a good token with too little is insufficient_scope, 403; the oracle gives tokens without openid to APIs alone.',
    '403 insufficient_scope Bearer',
    '401 invalid_token Bearer',
    ['userinfo: a token without openid'],
  ),
  ...alike(
    'RFC 6750 §2.2: a token in the body SHOULD NOT be used; it is read in the header alone.',
    '400 invalid_request Bearer',
    '200',
    ['userinfo: the token in the body'],
  ),
  ...alike(
    'RFC 9126 §2.3: the errors of RFC 6749 §4.1.2.1; see response_mode above.',
    '400 invalid_request',
    '400 unsupported_response_mode',
    ['push: a wrong response_mode'],
  ),
  ...alike(
    'RFC 9126 §2.1: request_uri MUST NOT be pushed; a request that has what it must not have is invalid_request.',
    '400 invalid_request',
    '400 request_uri_not_supported',
    ['push: a request_uri'],
  ),
]

const listed: readonly Entry[] = [...authorization, ...token, ...others]

export const differences: Readonly<Record<string, Difference>> = Object.fromEntries(listed)

/** How many are listed, twice or not. */
export const listedCount = listed.length
