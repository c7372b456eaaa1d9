// RFC 9110 §7.6.1: names of header fields that end at this hop, and the one spelling under which names are compared.

/**
 * Servers behind CGI-like interfaces take `X_Latchkey_Subject` and `X-Latchkey-Subject` for the same field, and some every
 * character but letters and digits; names are therefore compared with `-` in the place of all of these.
 */
export const canonical = (name: string): string => {
  const lower = name.toLowerCase()
  return /[^a-z0-9-]/.test(lower) ? lower.replace(/[^a-z0-9-]/g, '-') : lower
}

/** Fields about the connection, and those that frame a message: each hop writes its own. */
export const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
])

/** Names that the `Connection` fields list: they end at this hop too. */
export const namedInConnection = (rawHeaders: readonly string[]): ReadonlySet<string> => {
  const names = new Set<string>()
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if ((rawHeaders[i] as string).toLowerCase() !== 'connection') continue
    for (const name of (rawHeaders[i + 1] as string).split(',')) names.add(canonical(name.trim()))
  }
  return names
}
