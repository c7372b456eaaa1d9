// A command that calls an API with a credential, ready to be pasted into a shell.
import type { Deployment } from '../../../src/dashboard/deployment-routes.ts'

export type DescribedApi = Deployment['apis'][number]

/** Text as one word of a POSIX shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`

/** The first API that takes the kind of credential in the environment, of those that it is held to. */
export const apiFor = (
  { apis, default_api }: Deployment,
  kind: string,
  { environment, held = null }: { environment?: string; held?: readonly string[] | null } = {},
): DescribedApi | undefined => {
  const fitting = apis.filter(
    ({ name, accepts, environments, url }) =>
      url !== null &&
      accepts.includes(kind) &&
      (environment === undefined || environments.includes(environment)) &&
      (held === null || held.includes(name)),
  )
  return fitting.find(({ name }) => name === default_api) ?? fitting[0]
}

/** undefined: the API is not reached through this server. */
export const curlFor = (api: DescribedApi | undefined, credential: string): string | undefined => {
  if (!api || api.url === null) return undefined
  const { name, scheme } = api.header
  return `curl -i ${quoted(api.url)} \\\n  -H ${quoted(`${name}: ${scheme === null ? '' : `${scheme} `}${credential}`)}`
}

/** A request of a client for a token of its own. */
export const curlForToken = (
  { issuer }: Deployment,
  { token_endpoint: endpoint, identifier }: DescribedApi,
  { id, secret }: { id: string; secret: string },
): string =>
  [
    `curl -X POST ${quoted(endpoint)}`,
    "-H 'Content-Type: application/x-www-form-urlencoded'",
    "-d 'grant_type=client_credentials'",
    `-d ${quoted(`client_id=${id}`)}`,
    `-d ${quoted(`client_secret=${secret}`)}`,
    // at an address of the API's own it is known which API is meant
    ...(endpoint.startsWith(`${issuer}/`) ? [`-d ${quoted(`resource=${identifier}`)}`] : []),
  ].join(' \\\n  ')
