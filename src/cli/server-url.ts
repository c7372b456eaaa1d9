// The server that --url names: its origin, over https unless it is this machine.
import { InvalidArgumentError } from 'commander'
import { isLoopbackName } from '../config/config.ts'

/** Reads `--url`. Answers the origin, without a trailing slash; anything else than a base URL is a usage error. */
export const parseServerUrl = (text: string): string => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (
    !url ||
    !['http:', 'https:'].includes(url.protocol) ||
    url.pathname !== '/' ||
    url.search ||
    url.hash ||
    url.username ||
    url.password
  ) {
    throw new InvalidArgumentError(
      'Write the base URL of a Latchkey, as in https://auth.example.com (no path, query or user).',
    )
  }
  if (url.protocol === 'http:' && !isLoopbackName(url.hostname) && !url.hostname.endsWith('.localhost')) {
    throw new InvalidArgumentError('Use https: a credential goes over plain http to loopback and *.localhost only.')
  }
  return url.origin
}
