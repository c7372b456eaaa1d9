// What more cores bring: verify by one worker and by several, with servers and load free to use every core that there is. The load takes a
// part of them: with one request in flight on a connection about as much as the server, with several sent together much less.
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { type ServerProcess, ask } from './child.ts'
import { type Credentials, startLatchkey } from './latchkey.ts'
import type { LoadPlan, LoadResult } from './load.ts'
import { type Row, growthRow } from './report.ts'
import { written } from './wire.ts'

export interface WorkersPlan {
  rounds: number
  secondsPerRun: number
  warmUpSeconds: number
  /** Of each generator. */
  connections: number
}

type Measured = LoadResult & { cpuSecondsPerThousand: number | undefined }

/** One worker, two, four, and so on, and as many as there are cores. */
const counts = (): number[] => {
  const cores = availableParallelism()
  const doubled = Array.from({ length: Math.floor(Math.log2(cores)) + 1 }, (_, power) => 2 ** power)
  return doubled.includes(cores) ? doubled : [...doubled, cores]
}

const requestsFor = ({ keys, caller }: Credentials): string[] =>
  keys.map((key) =>
    written({
      method: 'POST',
      target: '/api/v1/verify',
      headers: { authorization: `Bearer ${caller}`, 'content-type': 'application/json' },
      body: JSON.stringify({ credential: key }),
    }),
  )

/** Requests in flight on each connection. */
const depths = [1, 8]

/** By half as many generators as workers: one feeds two. The latency is that of the slowest. */
const load = async (server: ServerProcess, workers: number, plan: Omit<LoadPlan, 'port'>): Promise<Measured> => {
  const before = server.cpuSeconds()
  const results = await Promise.all(
    Array.from({ length: Math.ceil(workers / 2) }, () =>
      ask<LoadResult>(fileURLToPath(new URL('load.ts', import.meta.url)), { ...plan, port: server.port }, 'any'),
    ),
  )
  const after = server.cpuSeconds()
  const responses = results.reduce((sum, result) => sum + result.responses, 0)
  const [slowest] = results.toSorted((a, b) => b.latency.p99 - a.latency.p99) as [LoadResult]
  return {
    ...slowest,
    responses,
    cpuSecondsPerThousand:
      before === undefined || after === undefined ? undefined : ((after - before) / responses) * 1000,
  }
}

/** Interleaved, so that whatever else the machine does meets all alike. */
export const workerRows = async (
  folder: string,
  credentials: Credentials,
  { rounds, secondsPerRun, warmUpSeconds, connections }: WorkersPlan,
  progress: (text: string) => void,
): Promise<Row[]> => {
  const plan = {
    requests: requestsFor(credentials),
    connections,
    maxResponses: 10_000_000,
    expect: { status: 200, headers: [], body: '"valid":true' },
  }
  const servers: { workers: number; server: ServerProcess }[] = []
  for (const workers of counts()) {
    progress(`workers: starting ${workers}`)
    const server = await startLatchkey(folder, 1, { workers, core: 'any' }) // nothing is passed on
    await load(server, workers, { ...plan, seconds: warmUpSeconds })
    servers.push({ workers, server })
  }
  const rows: Row[] = []
  for (const inFlight of depths) {
    const results: Measured[][] = servers.map(() => [])
    for (let round = 1; round <= rounds; round++)
      for (const [index, { workers, server }] of servers.entries()) {
        progress(`workers: round ${round} of ${rounds}: ${workers}, ${inFlight} in flight`)
        results[index]?.push(await load(server, workers, { ...plan, inFlight, seconds: secondsPerRun }))
      }
    const first = results[0]
    for (const [index, { workers, server }] of servers.entries())
      rows.push(
        growthRow(
          `verify by ${workers} ${workers === 1 ? 'worker' : 'workers'}${inFlight === 1 ? '' : `, ${inFlight} in flight`}`,
          results[index] ?? [],
          index === 0 ? undefined : first,
          server.peakMemory(),
          'workers',
        ),
      )
  }
  for (const { server } of servers) await server.stop()
  return rows
}
