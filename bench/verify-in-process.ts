// Judging in process: the verifier over a warmed SQLite store, without HTTP. Run by the bench as a process of its own.
// Reads {folder, keys, rounds, seconds} from standard input, writes {oneKey, manyKeys}: judgements per second, round by round.
import { json } from 'node:stream/consumers'
import { loadConfig } from '../src/config/config.ts'
import { settle } from '../src/deployment.ts'
import { Allowance } from '../src/limits/allowance.ts'
import { openStore } from '../src/store/open.ts'
import { TokenReader } from '../src/tokens/read-token.ts'
import { SigningKeys } from '../src/tokens/signing-keys.ts'
import { LastUse } from '../src/verify/last-use.ts'
import { Proofs } from '../src/verify/proofs.ts'
import { Verifier } from '../src/verify/verify.ts'
import { environment } from './latchkey.ts'

export interface InProcessResult {
  oneKey: number[]
  manyKeys: number[]
}

const { folder, keys, rounds, seconds } = (await json(process.stdin)) as {
  folder: string
  keys: string[]
  rounds: number
  seconds: number
}
const given = await loadConfig(environment(folder))
const store = await openStore(given)
const { config, box } = await settle(given, store)
const tokens = new TokenReader(new SigningKeys(store, box, config, Date.now), config.issuer)
const allowance = new Allowance(store.counters)
const verifier = new Verifier(
  { lookups: store.lookups, tokens, box, keyPrefixes: config.keyPrefixes },
  new Proofs(box, Date.now),
  allowance,
  new LastUse(store),
  Date.now,
)
const api = config.defaultApi
if (api === undefined) throw new Error('The configuration of the bench has no default API.')

/** Judgements per second, one after the other; the clock is read once for a hundred. */
const measure = async (credentials: readonly string[], forSeconds: number): Promise<number> => {
  const startedAt = performance.now()
  const end = startedAt + forSeconds * 1000
  let count = 0
  for (let now = startedAt; now < end; now = performance.now()) {
    for (let i = 0; i < 100; i++) {
      const { code } = await verifier.judge(api, { credential: credentials[count % credentials.length] as string })
      if (code !== 'valid') throw new Error(`A valid key was judged ${code}.`)
      count += 1
    }
  }
  return count / ((performance.now() - startedAt) / 1000)
}

const result: InProcessResult = { oneKey: [], manyKeys: [] }
await measure(keys, seconds)
for (let round = 0; round < rounds; round++) {
  result.oneKey.push(await measure(keys.slice(0, 1), seconds))
  result.manyKeys.push(await measure(keys, seconds))
}
await allowance.close()
await store.close()
console.log(JSON.stringify(result))
