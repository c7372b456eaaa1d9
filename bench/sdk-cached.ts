// The SDK's cached mode: a program of its own that asks a Latchkey server once in a while and answers from memory in between. Run by the bench.
// Reads {url, caller, keys, rounds, seconds} from standard input, writes {oneKey, manyKeys}: answers per second, round by round.
import { json } from 'node:stream/consumers'
import { setImmediate } from 'node:timers/promises'
import { createVerifier } from '../sdk/src/index.ts'
import type { InProcessResult } from './verify-in-process.ts'

const { url, caller, keys, rounds, seconds } = (await json(process.stdin)) as {
  url: string
  caller: string
  keys: string[]
  rounds: number
  seconds: number
}
const verifier = createVerifier({ mode: 'cached', url, key: caller })

/**
 * Answers per second, one after the other. The clock is read once for a hundred, and whatever came from the server meanwhile is read
 * then too: units of the limit are paid for at the server before they are spent here.
 */
const measure = async (credentials: readonly string[], forSeconds: number): Promise<number> => {
  const startedAt = performance.now()
  const end = startedAt + forSeconds * 1000
  let count = 0
  for (let now = startedAt; now < end; now = performance.now()) {
    for (let i = 0; i < 100; i++) {
      const verdict = await verifier.verify(credentials[count % credentials.length] as string)
      if (verdict.outcome !== 'valid') throw new Error(`A valid key was answered ${verdict.code}.`)
      count += 1
    }
    await setImmediate()
  }
  return count / ((performance.now() - startedAt) / 1000)
}

const result: InProcessResult = { oneKey: [], manyKeys: [] }
// so long that it has learnt how often each of many keys is asked about, and pays ahead for all of them
await measure(keys, seconds * 8)
for (let round = 0; round < rounds; round++) {
  result.oneKey.push(await measure(keys.slice(0, 1), seconds))
  result.manyKeys.push(await measure(keys, seconds))
}
verifier.close()
console.log(JSON.stringify(result))
