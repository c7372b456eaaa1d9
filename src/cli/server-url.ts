// The server that --url names: its origin, over https unless it is this machine.
import { InvalidArgumentError } from 'commander'
import { readBaseUrl } from '../config/base-url.ts'

const mistakes = {
  form: 'Write the base URL of a Latchkey, as in https://auth.example.com (no path, query or user).',
  https: 'Use https: a credential goes over plain http to loopback and *.localhost only.',
}

/** Reads `--url`. Answers the origin, without a trailing slash; anything else than a base URL is a usage error. */
export const parseServerUrl = (text: string): string => {
  const read = readBaseUrl(text)
  if ('mistake' in read) throw new InvalidArgumentError(mistakes[read.mistake])
  return read.origin
}
