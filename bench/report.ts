// From the samples of all rounds to one table and bench/results.json.
import { cpus } from 'node:os'
import type { SignatureResult } from './es256-signature.ts'
import type { LoadResult } from './load.ts'
import { median, spread } from './statistics.ts'
import { type Target, type Work, floor, subject, works } from './target.ts'

/** One round at one server. */
export interface Sample extends LoadResult {
  requestsPerSecond: number
  /** CPU time of the server, seconds. */
  cpuPerThousand: number | undefined
  /** Share of the wall time that the server computed. */
  serverBusy: number | undefined
  /** Cores that neither server nor generator had, on average: what other programs did meanwhile. */
  othersBusy: number | undefined
}

export interface Row {
  work: string
  server: string
  /** Median, and the farthest that a round lies from it as a share. */
  requestsPerSecond: number
  spread: number
  /** Median over the rounds of Latchkey's requests per second through this server's in the same round. */
  ratio?: number
  /** The same for the CPU time of a request: above 1, Latchkey needs less. */
  cpuRatio?: number
  cpuSecondsPerThousand?: number
  p50Milliseconds?: number
  p99Milliseconds?: number
  p999Milliseconds?: number
  peakMemoryMebibytes?: number
  /** Less than 0.9 of a core: something else than the server was the limit. */
  serverBusy?: number
  generatorBusy?: number
  othersBusy?: number
}

/** All samples of a target, in the order of the rounds. */
export type Samples = ReadonlyMap<Target, readonly Sample[]>

const rounded = (value: number, digits: number): number => Number(value.toPrecision(digits))

/** Field → value, without those that are not known here. */
const known = <T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T

const medianOf = (values: readonly (number | undefined)[]): number | undefined => {
  const numbers = values.filter((value) => value !== undefined)
  return numbers.length === 0 ? undefined : rounded(median(numbers), 3)
}

const rowOf = (target: Target, samples: readonly Sample[], own: readonly Sample[]): Row => {
  const rates = samples.map(({ requestsPerSecond }) => requestsPerSecond)
  const isOwn = target.name === subject
  return known<Row>({
    work: target.work,
    server: target.name,
    requestsPerSecond: Math.round(median(rates)),
    spread: rounded(spread(rates), 2),
    ratio: isOwn
      ? undefined
      : medianOf(own.map((sample, round) => sample.requestsPerSecond / (rates[round] as number))),
    cpuRatio: isOwn
      ? undefined
      : medianOf(
          own.map(
            ({ cpuPerThousand }, round) =>
              cpuPerThousand && (samples[round]?.cpuPerThousand ?? Number.NaN) / cpuPerThousand,
          ),
        ),
    cpuSecondsPerThousand: medianOf(samples.map(({ cpuPerThousand }) => cpuPerThousand)),
    p50Milliseconds: medianOf(samples.map(({ latency }) => latency.p50 / 1000)),
    p99Milliseconds: medianOf(samples.map(({ latency }) => latency.p99 / 1000)),
    p999Milliseconds: medianOf(samples.map(({ latency }) => latency.p999 / 1000)),
    peakMemoryMebibytes: medianOf([target.server.peakMemory()]),
    serverBusy: medianOf(samples.map(({ serverBusy }) => serverBusy)),
    generatorBusy: medianOf(samples.map(({ generatorBusy }) => generatorBusy)),
    othersBusy: medianOf(samples.map(({ othersBusy }) => othersBusy)),
  })
}

/** The sum of one signature and one bare answer: what a token endpoint that did nothing else would reach. */
const signatureRow = (own: readonly Sample[], bare: readonly Sample[], signatures: readonly SignatureResult[]): Row => {
  const rates = bare.map(
    ({ requestsPerSecond }, round) => 1 / (1 / requestsPerSecond + (signatures[round]?.wall ?? Number.NaN) / 1e6),
  )
  const cpu = bare.map(
    ({ cpuPerThousand }, round) => cpuPerThousand && cpuPerThousand + (signatures[round]?.cpu ?? Number.NaN) / 1000,
  )
  return known<Row>({
    work: 'client_credentials',
    server: `one signature (${Math.round(median(signatures.map(({ cpu }) => cpu)))} µs) + one bare answer`,
    requestsPerSecond: Math.round(median(rates)),
    spread: rounded(spread(rates), 2),
    ratio: medianOf(own.map((sample, round) => sample.requestsPerSecond / (rates[round] as number))),
    cpuRatio: medianOf(
      own.map(({ cpuPerThousand }, round) => cpuPerThousand && (cpu[round] ?? Number.NaN) / cpuPerThousand),
    ),
    cpuSecondsPerThousand: medianOf(cpu),
  })
}

export const httpRows = (samples: Samples, signatures: readonly SignatureResult[]): Row[] => {
  const find = (work: Work, name: string): readonly Sample[] =>
    [...samples].find(([target]) => target.work === work && target.name === name)?.[1] ?? []
  const rows = [...samples].map(([target, ofTarget]) => rowOf(target, ofTarget, find(target.work, subject)))
  rows.push(signatureRow(find('client_credentials', subject), find('client_credentials', floor), signatures))
  return works.flatMap((work) => rows.filter((row) => row.work === work))
}

export const inProcessRow = (server: string, rates: readonly number[]): Row => ({
  work: 'verify in process',
  server,
  requestsPerSecond: Math.round(median(rates)),
  spread: rounded(spread(rates), 2),
})

/** How long one list takes to be answered, by itself. Both in milliseconds. */
export const listRow = (question: string, milliseconds: readonly number[], cpu: readonly number[]): Row => {
  const middle = median(milliseconds)
  return {
    work: 'lists',
    server: question,
    requestsPerSecond: Math.round(1000 / middle),
    spread: rounded(spread(milliseconds), 2),
    p50Milliseconds: rounded(middle, 3),
    cpuSecondsPerThousand: rounded(median(cpu), 3),
    p99Milliseconds: rounded(Math.max(...milliseconds), 3),
  }
}

/** Rounds at one store; `first`: those at the store that it is compared with, in the same rounds. Peak memory in MiB. */
export const growthRow = (
  server: string,
  results: readonly (LoadResult & { cpuSecondsPerThousand: number | undefined })[],
  first: typeof results | undefined,
  peakMemory: number | undefined,
  work = 'growth',
): Row => {
  const rates = results.map(({ responses, seconds }) => responses / seconds)
  return known<Row>({
    work,
    server,
    requestsPerSecond: Math.round(median(rates)),
    spread: rounded(spread(rates), 2),
    ratio:
      first && medianOf(first.map(({ responses, seconds }, round) => (rates[round] as number) / (responses / seconds))),
    cpuRatio:
      first &&
      medianOf(
        first.map(({ cpuSecondsPerThousand: cpu }, round) => {
          const own = results[round]?.cpuSecondsPerThousand
          return cpu && own && cpu / own
        }),
      ),
    cpuSecondsPerThousand: medianOf(results.map(({ cpuSecondsPerThousand }) => cpuSecondsPerThousand)),
    p50Milliseconds: medianOf(results.map(({ latency }) => latency.p50 / 1000)),
    p99Milliseconds: medianOf(results.map(({ latency }) => latency.p99 / 1000)),
    p999Milliseconds: medianOf(results.map(({ latency }) => latency.p999 / 1000)),
    peakMemoryMebibytes: medianOf([peakMemory]),
    generatorBusy: medianOf(results.map(({ generatorBusy }) => generatorBusy)),
  })
}

export const machineFacts = () => ({
  cores: cpus().length,
  cpu: cpus()[0]?.model ?? 'unknown',
  platform: `${process.platform}-${process.arch}`,
  node: process.version,
})

const columns: [string, (row: Row) => string][] = [
  ['work', ({ work }) => work],
  ['server', ({ server }) => server],
  ['requests/s', ({ requestsPerSecond }) => String(requestsPerSecond)],
  ['±', ({ spread }) => `${Math.round(spread * 100)} %`],
  ['Latchkey is', ({ ratio }) => (ratio === undefined ? '' : `${ratio} ×`)],
  ['by CPU', ({ cpuRatio }) => (cpuRatio === undefined ? '' : `${cpuRatio} ×`)],
  ['CPU s/1,000', ({ cpuSecondsPerThousand }) => cpuSecondsPerThousand?.toFixed(4) ?? ''],
  ['p50 ms', ({ p50Milliseconds }) => p50Milliseconds?.toFixed(2) ?? ''],
  ['p99 ms', ({ p99Milliseconds }) => p99Milliseconds?.toFixed(2) ?? ''],
  ['p99.9 ms', ({ p999Milliseconds }) => p999Milliseconds?.toFixed(2) ?? ''],
  [
    'peak MiB',
    ({ peakMemoryMebibytes }) => (peakMemoryMebibytes === undefined ? '' : String(Math.round(peakMemoryMebibytes))),
  ],
]

/** The rows as text in columns: words to the left, numbers to the right. */
export const table = (rows: readonly Row[]): string => {
  const cells = [columns.map(([title]) => title), ...rows.map((row) => columns.map(([, cell]) => cell(row)))]
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => (line[index] as string).length)))
  const written = cells.map((line) =>
    line
      .map((cell, index) => (index < 2 ? cell.padEnd(widths[index] as number) : cell.padStart(widths[index] as number)))
      .join('  '),
  )
  return [written[0], widths.map((width) => '─'.repeat(width)).join('  '), ...written.slice(1)].join('\n')
}

const percent = (share: number): string => `${Math.round(share * 100)} %`

/** What speaks against taking the figures at their word: other programs on the machine, a generator that was the limit. */
export const doubts = (rows: readonly Row[]): string[] => {
  const found: string[] = []
  const others = rows.map(({ othersBusy }) => othersBusy).filter((share) => share !== undefined)
  if (others.length > 0 && median(others) > 0.1)
    found.push(
      `Other programs used ${percent(median(others))} of a core meanwhile: run this again when the machine is quieter.`,
    )
  for (const { work, server, serverBusy = 1, generatorBusy = 0 } of rows) {
    if (serverBusy < 0.9)
      found.push(
        `${work}, ${server}: the server computed ${percent(serverBusy)} of the time, the load generator ${percent(generatorBusy)}. Its requests/s are a lower bound; its CPU time is not affected.`,
      )
  }
  return found
}
