// `npm run bench`: Latchkey side by side with its peers, in one table. `-- --quick` takes less than a minute and says less; `-- --only lists` runs
// a part alone, and leaves bench/results.json as it is.
import '../scripts/build-dashboard.mjs'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { ask, canPin, endChildren, machineCpuSeconds } from './child.ts'
import type { SignatureResult } from './es256-signature.ts'
import { type Credentials, prepare, startLatchkey } from './latchkey.ts'
import { growthRows } from './growth.ts'
import type { ListsResult } from './lists.ts'
import type { LoadPlan, LoadResult } from './load.ts'
import { installPeers, peerVersions } from './peers.ts'
import {
  type Row,
  type Sample,
  type Samples,
  doubts,
  httpRows,
  inProcessRow,
  listRow,
  machineFacts,
  table,
} from './report.ts'
import type { Target } from './target.ts'
import { startTargets } from './targets.ts'
import { workerRows } from './workers.ts'
import type { InProcessResult } from './verify-in-process.ts'

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

const parts = ['servers', 'in-process', 'lists', 'growth', 'workers'] as const
type Part = (typeof parts)[number]

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [...parts] },
  },
})
const { quick } = values
const isWanted = (part: Part): boolean => values.only.includes(part)
for (const part of values.only)
  if (!parts.some((known) => known === part)) throw new Error(`--only ${part}: it is one of ${parts.join(', ')}.`)
const plan = {
  rounds: quick ? 1 : 7,
  secondsPerRun: quick ? 0.25 : 3,
  /** Runs for one figure, where others disturb it. */
  attempts: quick ? 1 : 3,
  /** Compilers settle after some 50,000 requests; a warm-up ends with them, or here. */
  warmUpSeconds: quick ? 0.4 : 10,
  warmUpRequests: 60_000,
  connections: 32,
  keys: quick ? 100 : 1000,
  /** Of 10,000 keys, 5,000 organizations of one person and 1,000,000 audit entries. */
  listScale: quick ? 0.02 : 1,
}
const growth = {
  sizes: quick ? [2_000] : [10_000, 1_000_000, 10_000_000],
  asked: quick ? 500 : 10_000,
  inUse: quick ? { keys: 2_000, seconds: 3 } : { keys: 1_000_000, seconds: 300 },
  organizations: quick ? 200 : 10_000,
  rounds: quick ? 1 : 5,
  secondsPerRun: quick ? 0.25 : 2,
  warmUpSeconds: quick ? 0.3 : 4,
  connections: plan.connections,
}
/** More than any server here answers in the longest run. */
const maxResponses = 2_000_000
/** Bytes of a JWT that its signature covers, about. */
const signedBytes = 400

const progress = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}

const requestsFor = async ({ requests, supply }: Target, seconds: number, most: number): Promise<readonly string[]> =>
  supply ? supply.make(Math.ceil(Math.min(seconds * supply.perSecond, most)) + plan.connections) : requests

const load = (
  { server, supply, expect }: Target,
  requests: readonly string[],
  seconds: number,
  most: number,
): Promise<LoadResult> => {
  const { connections } = plan
  return ask<LoadResult>(
    script('load.ts'),
    {
      port: server.port,
      requests,
      connections,
      seconds,
      maxResponses: supply ? requests.length - connections : most,
      expect,
    } satisfies LoadPlan,
    'load',
  )
}

const sample = async (target: Target): Promise<Sample> => {
  // before anything is measured, because some servers make theirs themselves
  const requests = await requestsFor(target, plan.secondsPerRun, maxResponses)
  const startedAt = performance.now()
  const behind = (): number => target.behind?.cpuSeconds() ?? 0
  const [machineBefore, serverBefore, behindBefore] = [machineCpuSeconds(), target.server.cpuSeconds(), behind()]
  const result = await load(target, requests, plan.secondsPerRun, maxResponses)
  const [machineAfter, serverAfter, behindAfter] = [machineCpuSeconds(), target.server.cpuSeconds(), behind()]
  const wall = (performance.now() - startedAt) / 1000
  const used = serverBefore === undefined || serverAfter === undefined ? undefined : serverAfter - serverBefore
  const ours = behindAfter - behindBefore + result.generatorCpuSeconds
  return {
    ...result,
    requestsPerSecond: result.responses / result.seconds,
    cpuPerThousand: used && (used / result.responses) * 1000,
    serverBusy: used && used / result.seconds,
    othersBusy: used && Math.max(0, machineAfter - machineBefore - used - ours) / wall,
  }
}

/** Runs again where other programs used more than a tenth of a core; the run that they disturbed least counts. */
const calmSample = async (target: Target): Promise<Sample> => {
  let calmest = await sample(target)
  for (let attempt = 1; attempt < plan.attempts && (calmest.othersBusy ?? 0) > 0.1; attempt++) {
    const again = await sample(target)
    if ((again.othersBusy ?? 0) < (calmest.othersBusy ?? 0)) calmest = again
  }
  return calmest
}

/** Runs interleaved, so that whatever else the machine does meets every server alike. */
const measure = async (targets: readonly Target[]): Promise<{ samples: Samples; signatures: SignatureResult[] }> => {
  for (const target of targets) {
    progress(`warming up: ${target.work}, ${target.name}`)
    const requests = await requestsFor(target, plan.warmUpSeconds, plan.warmUpRequests)
    await load(target, requests, plan.warmUpSeconds, plan.warmUpRequests)
  }
  const samples = new Map<Target, Sample[]>(targets.map((target) => [target, []]))
  const signatures: SignatureResult[] = []
  for (let round = 1; round <= plan.rounds; round++) {
    for (const [target, ofTarget] of samples) {
      progress(`round ${round} of ${plan.rounds}: ${target.work}, ${target.name}`)
      ofTarget.push(await calmSample(target))
    }
    signatures.push(
      await ask<SignatureResult>(
        script('es256-signature.ts'),
        { bytes: signedBytes, seconds: plan.secondsPerRun / 3 },
        'server',
      ),
    )
  }
  return { samples, signatures }
}

/** Latchkey's own server and the peers'. */
const serverRows = async (folder: string, credentials: Credentials): Promise<Row[]> => {
  const targets = await startTargets(folder, credentials)
  const { samples, signatures } = await measure(targets)
  const rows = httpRows(samples, signatures) // of servers that still run: what they have used is read from their processes
  for (const server of new Set(targets.flatMap(({ server, behind = server }) => [server, behind]))) await server.stop()
  return rows
}

const inProcessRows = async (folder: string, { keys, caller }: Credentials): Promise<Row[]> => {
  progress('answering from memory')
  const server = await startLatchkey(folder, 9)
  const kept = await ask<InProcessResult>(
    script('sdk-cached.ts'),
    {
      url: `http://127.0.0.1:${server.port}`,
      caller,
      keys,
      rounds: plan.rounds,
      seconds: plan.secondsPerRun / 3,
    },
    'load',
  )
  await server.stop()
  progress('judging in process')
  const { oneKey, manyKeys } = await ask<InProcessResult>(
    script('verify-in-process.ts'),
    { folder, keys, rounds: plan.rounds, seconds: plan.secondsPerRun / 3 },
    'server',
  )
  return [
    inProcessRow('SDK, cached mode, one key', kept.oneKey),
    inProcessRow(`SDK, cached mode, ${plan.keys} keys in turn`, kept.manyKeys),
    inProcessRow('Latchkey, one key', oneKey),
    inProcessRow(`Latchkey, ${plan.keys} keys in turn`, manyKeys),
  ]
}

const listRows = async (): Promise<Row[]> => {
  progress('listing')
  const { lists } = await ask<ListsResult>(script('lists.ts'), { scale: plan.listScale, rounds: plan.rounds }, 'server')
  return lists.map(({ question, milliseconds, cpu }) => listRow(question, milliseconds, cpu))
}

const run = async (folder: string): Promise<Row[]> => {
  const rows: Row[] = []
  if (isWanted('servers') || isWanted('in-process') || isWanted('workers')) {
    progress('making credentials')
    const credentials = await prepare(folder, plan.keys)
    if (isWanted('servers')) rows.push(...(await serverRows(folder, credentials)))
    if (isWanted('in-process')) rows.push(...(await inProcessRows(folder, credentials)))
    if (isWanted('workers'))
      rows.push(...(await workerRows(folder, credentials, { ...plan, warmUpSeconds: quick ? 1 : 4 }, progress)))
  }
  if (isWanted('lists')) rows.push(...(await listRows()))
  if (isWanted('growth')) rows.push(...(await growthRows(growth, progress)))
  progress('')
  return rows
}

if (isWanted('servers')) installPeers()
const folder = mkdtempSync(join(tmpdir(), 'latchkey-bench-'))
process.on('exit', () => {
  endChildren()
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1))

const machine = { ...machineFacts(), pinned: canPin }
console.log(
  `${machine.cpu}, ${machine.cores} cores, ${machine.platform}, Node ${machine.node}; ${plan.rounds} rounds of ${plan.secondsPerRun} s, ${plan.connections} connections, ${plan.keys} keys`,
)
if (!canPin)
  console.log(
    'Servers and load share the cores here: pinning needs Linux, two cores and taskset (util-linux). Read the ratios with care.',
  )
const rows = await run(folder)
console.log(`\n${table(rows)}\n`)
for (const doubt of doubts(rows)) console.log(doubt)
const results = { measured_at: new Date().toISOString(), quick, machine, plan, growth, peers: peerVersions(), rows }
if (parts.every(isWanted)) writeFileSync(script('results.json'), `${JSON.stringify(results, null, 2)}\n`)
