// How Latchkey fares as it grows: verify in stores of ten thousand to ten million keys, ten thousand quotas, a million keys in use, half load.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ServerProcess, ask } from './child.ts'
import type { Grown, GrownStore } from './grown-store.ts'
import { startLatchkey } from './latchkey.ts'
import type { LoadPlan, LoadResult } from './load.ts'
import { keyNumber } from './many-keys.ts'
import { type Row, growthRow } from './report.ts'
import { median } from './statistics.ts'
import { written } from './wire.ts'

export interface GrowthPlan {
  /** Keys in each store; the first is what the others are held against. */
  sizes: readonly number[]
  /** Of each store, keys that are asked about in turn. */
  asked: number
  /** Keys that are all in use, in a store of their own; after so many seconds it is told how many of them were. */
  inUse: { keys: number; seconds: number }
  organizations: number
  rounds: number
  secondsPerRun: number
  warmUpSeconds: number
  connections: number
}

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const said = (count: number): string => count.toLocaleString('en-US')

interface Store extends Grown {
  size: number
  folder: string
}

interface Served extends Store {
  server: ServerProcess
  /** From the start of the process until it listens. */
  startMilliseconds: number
}

const make = async (size: number, askable: number, organizations: number): Promise<Store> => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-growth-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  const grown = await ask<Grown>(
    script('grown-store.ts'),
    { folder, keys: size, askable, organizations } satisfies GrownStore,
    'load',
  )
  return { ...grown, size, folder }
}

const serve = async (store: Store): Promise<Served> => {
  const startedAt = performance.now()
  const server = await startLatchkey(store.folder, 1) // nothing is passed on
  return { ...store, server, startMilliseconds: performance.now() - startedAt }
}

interface Measured extends LoadResult {
  /** Of the server, for a thousand requests. */
  cpuSecondsPerThousand: number | undefined
}

const load = async (
  { server, caller }: Served,
  connections: number,
  {
    api = 'bench',
    count,
    seconds,
    ...more
  }: { api?: string; count: number } & Pick<LoadPlan, 'seconds'> &
    Partial<Pick<LoadPlan, 'perSecond' | 'maxResponses'>>,
): Promise<Measured> => {
  const key = keyNumber(0)
  const request = written({
    method: 'POST',
    target: '/api/v1/verify',
    headers: { authorization: `Bearer ${caller}`, 'content-type': 'application/json' },
    body: JSON.stringify({ credential: key, api }),
  })
  const before = server.cpuSeconds()
  const result = await ask<LoadResult>(
    script('load.ts'),
    {
      port: server.port,
      requests: [],
      keys: { request, key, count },
      connections,
      seconds,
      maxResponses: 5_000_000,
      expect: { status: 200, headers: [], body: '"valid":true' },
      ...more,
    } satisfies LoadPlan,
    'load',
  )
  const after = server.cpuSeconds()
  return {
    ...result,
    cpuSecondsPerThousand:
      before === undefined || after === undefined ? undefined : ((after - before) / result.responses) * 1000,
  }
}

const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`

/** Rows of stores of different sizes, measured in turn. */
const sizeRows = async (served: readonly Served[], plan: GrowthPlan, progress: (text: string) => void) => {
  const runs = new Map<Served, Measured[]>(served.map((each) => [each, []]))
  const once = (each: Served, seconds: number) => load(each, plan.connections, { count: plan.asked, seconds })
  for (const each of served) {
    progress(`growth: warming up at ${said(each.size)} keys`)
    await load(each, plan.connections, { count: plan.asked, seconds: plan.warmUpSeconds * 4, maxResponses: plan.asked })
    await once(each, plan.warmUpSeconds)
  }
  for (let round = 1; round <= plan.rounds; round++)
    for (const [each, results] of runs) {
      progress(`growth: round ${round} of ${plan.rounds}, ${said(each.size)} keys`)
      results.push(await once(each, plan.secondsPerRun))
    }
  const first = runs.get(served[0] as Served) as Measured[]
  const rows = served.map((each) =>
    growthRow(
      `verify, ${said(each.size)} keys (${mebibytes(each.bytes)} on disk)`,
      runs.get(each) as Measured[],
      each === served[0] ? undefined : first,
      each.server.peakMemory(),
    ),
  )
  const starts = served.map((each): Row => ({
    work: 'growth',
    server: `start-up, ${said(each.size)} keys`,
    requestsPerSecond: Number((1000 / each.startMilliseconds).toPrecision(2)),
    spread: 0,
    p50Milliseconds: Math.round(each.startMilliseconds),
  }))
  return { rows: [...rows, ...starts], perSecond: median(first.map(({ responses, seconds }) => responses / seconds)) }
}

/** Each organization at its own quota, all of them in turn: compared with the same keys at a limit of their own each. */
const quotaRow = async (served: Served, plan: GrowthPlan, progress: (text: string) => void): Promise<Row> => {
  const once = (seconds: number, more = {}) =>
    load(served, plan.connections, { api: 'quota', count: plan.organizations, seconds, ...more })
  progress(`growth: ${said(plan.organizations)} quotas`)
  await once(plan.warmUpSeconds * 8, { maxResponses: plan.organizations })
  const results: Measured[] = []
  for (let round = 0; round < plan.rounds; round++) results.push(await once(plan.secondsPerRun))
  return growthRow(
    `verify, ${said(plan.organizations)} organizations at a quota each`,
    results,
    undefined,
    served.server.peakMemory(),
  )
}

const halfLoadRow = async (served: Served, perSecond: number, plan: GrowthPlan, progress: (text: string) => void) => {
  progress('growth: half load')
  const results: Measured[] = []
  for (let round = 0; round < plan.rounds; round++)
    results.push(
      await load(served, plan.connections, {
        count: plan.asked,
        seconds: plan.secondsPerRun,
        perSecond: perSecond / 2,
      }),
    )
  return growthRow(`verify at half load, ${said(served.size)} keys`, results, undefined, served.server.peakMemory())
}

/** Every key of a store, once: what the process takes then. */
const inUseRow = async ({ inUse, organizations, connections }: GrowthPlan, progress: (text: string) => void) => {
  progress(`growth: making ${said(inUse.keys)} keys`)
  const served = await serve(await make(inUse.keys, inUse.keys, organizations))
  const idle = served.server.peakMemory()
  progress(`growth: ${said(inUse.keys)} keys in use`)
  const result = await load(served, connections, {
    count: inUse.keys,
    seconds: inUse.seconds,
    maxResponses: inUse.keys,
  })
  const peak = served.server.peakMemory()
  await served.server.stop()
  rmSync(served.folder, { recursive: true, force: true, maxRetries: 5 })
  const perKey =
    idle === undefined || peak === undefined
      ? ''
      : `, ${Math.round(((peak - idle) * 2 ** 20) / result.responses)} bytes a key`
  return growthRow(
    `verify, ${said(result.responses)} keys in use for the first time${perKey}`,
    [result],
    undefined,
    peak,
  )
}

/** Everything is made in the system's folder for temporary files, some 650 bytes on disk for a key, and removed at the end. */
export const growthRows = async (plan: GrowthPlan, progress: (text: string) => void): Promise<Row[]> => {
  const inUse = await inUseRow(plan, progress)
  const served: Served[] = []
  for (const size of plan.sizes) {
    progress(`growth: making ${said(size)} keys`)
    served.push(await serve(await make(size, plan.asked, plan.organizations)))
  }
  const { rows, perSecond } = await sizeRows(served, plan, progress)
  const smallest = served[0] as Served
  rows.push(await halfLoadRow(smallest, perSecond, plan, progress), await quotaRow(smallest, plan, progress), inUse)
  for (const each of served) {
    await each.server.stop()
    rmSync(each.folder, { recursive: true, force: true, maxRetries: 5 })
  }
  return rows
}
