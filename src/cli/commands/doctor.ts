// latchkey doctor: what is misconfigured, and the way out.
import type { Command } from 'commander'
import type { Config } from '../../config/config.ts'
import { ConfigurationError } from '../../errors.ts'
import { example, outputOf, refuseUrl } from '../context.ts'
import type { Finding } from '../doctor/finding.ts'
import type { Output } from '../output.ts'

const say = (output: Output, findings: readonly Finding[]): void => {
  const width = Math.max(...findings.map(({ check }) => check.length))
  const lines = findings.map(
    ({ check, status, detail, remedy }) =>
      `${status.padEnd(4)}  ${check.padEnd(width)}  ${detail}${remedy === undefined ? '' : `\n${' '.repeat(width + 8)}→ ${remedy}`}`,
  )
  output.result({ ok: findings.every(({ status }) => status !== 'fail'), checks: findings }, lines.join('\n'))
}

const loadOrTell = async (output: Output, before: Finding): Promise<Config> => {
  const { loadConfig } = await import('../../config/config.ts')
  try {
    return await loadConfig(process.env)
  } catch (error) {
    if (error instanceof ConfigurationError) {
      const mistakes = error.mistakes.map((mistake): Finding => ({
        check: 'configuration',
        status: 'fail',
        detail: mistake,
        remedy: 'Nothing starts until this is mended.',
      }))
      say(output, [before, ...mistakes])
    }
    throw error
  }
}

export const addDoctor = (program: Command): void => {
  example(program.command('doctor'), 'latchkey doctor')
    .description('look for what is misconfigured; exit status 1 where something does not work')
    .action(async (_options: object, command: Command) => {
      refuseUrl(command)
      const output = outputOf(command)
      const machine = await import('../doctor/machine.ts')
      const node = machine.checkNode(process.versions.node)
      const given = await loadOrTell(output, node)
      const { checkStore } = await import('../doctor/store.ts')
      const { checkApis } = await import('../doctor/apis.ts')
      const { checkMail, checkUpstreamIssuers } = await import('../doctor/people.ts')
      const now = Date.now()
      const { findings: ofStore, config } = await checkStore(given, now)
      const findings = [
        node,
        machine.checkConfigFile(config, process.cwd()),
        machine.checkIssuer(config),
        machine.checkProxies(config),
        await machine.checkDataFolder(config),
        machine.checkSecret(config),
        await machine.checkDisk(config),
        await machine.checkPort(config),
        ...ofStore,
        await checkMail(config),
        ...(await checkUpstreamIssuers(config)),
        ...(await checkApis(config, now)),
      ]
      say(output, findings)
      if (findings.some(({ status }) => status === 'fail')) process.exitCode = 1
    })
}
