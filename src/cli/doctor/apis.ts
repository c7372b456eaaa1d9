// What doctor looks at in each protected API: its upstreams, its limits, what it accepts.
import { connect } from 'node:net'
import type { Api, Config } from '../../config/config.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

/** Opens a connection and closes it; undefined, or why it could not be opened. */
const tryConnecting = (url: URL, seconds: number): Promise<string | undefined> =>
  new Promise((resolve) => {
    const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
    const socket = connect({
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port,
      timeout: seconds * 1000,
      autoSelectFamily: true,
    })
    const end = (reason?: string): void => {
      socket.destroy()
      resolve(reason)
    }
    socket.once('connect', () => end())
    socket.once('timeout', () => end(`no connection within ${seconds} seconds`))
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message))
  })

const checkUpstreams = async ({ name, hosts, upstreams, environments, timeouts }: Api): Promise<Finding[]> => {
  const check = `API ${name}`
  if (upstreams.size === 0) return [ok(check, 'It has no upstream: only verify and forward-auth serve it.')]
  const findings: Finding[] = []
  const without = [...environments].filter((environment) => !upstreams.has(environment))
  if (hosts.length > 0 && without.length > 0)
    findings.push(
      warn(
        check,
        `It accepts ${without.join(', ')} credentials, but has no upstream for them.`,
        `Add apis.${name}.upstream.${without[0]}, or take it out of apis.${name}.environments.`,
      ),
    )
  const told = await Promise.all(
    [...upstreams].map(async ([environment, upstream]) => {
      if (upstream.kind !== 'url') return ok(check, `${environment}: ${upstream.kind}`)
      const reason = await tryConnecting(upstream.url, Math.min(timeouts.connectSeconds, 3))
      return reason === undefined
        ? ok(check, `${environment}: ${upstream.url.href} takes connections.`)
        : fail(
            check,
            `${environment}: ${upstream.url.href} cannot be reached (${reason}); callers get 502.`,
            'Start it, or correct its URL in the configuration.',
          )
    }),
  )
  return [...findings, ...told]
}

const checkProfile = ({ name, profile, legacyTokens }: Api, now: number): Finding[] => {
  const check = `API ${name}`
  const findings: Finding[] = []
  if (profile.limits.length === 0)
    findings.push(
      warn(
        check,
        'It has no limits: one caller may send any number of requests.',
        `Add apis.${name}.limits, as in [{ name: 'window', per: 'credential', limit: 100, period: 60 }].`,
      ),
    )
  if (legacyTokens && legacyTokens.sunsetAt < now && profile.accepts.includes('legacy_token')) {
    findings.push(
      warn(
        check,
        `It still accepts legacy tokens, whose sunset was ${new Date(legacyTokens.sunsetAt).toISOString().slice(0, 10)}.`,
        `Take legacy_token out of apis.${name}.accepts, or move the sunset.`,
      ),
    )
  }
  if (profile.token.algorithm === 'HS256')
    findings.push(ok(check, 'Its tokens are HS256: who has its exported secret can make them too.'))
  return findings
}

/** `now`: Unix milliseconds. */
export const checkApis = async ({ apis, defaultApi }: Config, now: number): Promise<Finding[]> => {
  const findings = await Promise.all(
    [...apis.values()].map(async (api) => [...(await checkUpstreams(api)), ...checkProfile(api, now)]),
  )
  const which = defaultApi === undefined ? [ok('default API', 'none: verify needs to be told which one')] : []
  return [...findings.flat(), ...which]
}
