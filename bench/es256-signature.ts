// What one ES256 signature (RFC 7518 §3.4) costs by itself: the floor under every ES256 token endpoint. Run by the bench as a
// process of its own. Reads {bytes, seconds} from standard input, writes a SignatureResult.
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { json } from 'node:stream/consumers'

/** Microseconds of one signature. */
export interface SignatureResult {
  wall: number
  cpu: number
}

const { bytes, seconds } = (await json(process.stdin)) as { bytes: number; seconds: number }
const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const data = randomBytes(bytes)

const measure = (forSeconds: number): SignatureResult => {
  const startedAt = performance.now()
  const before = process.cpuUsage()
  let count = 0
  while (performance.now() - startedAt < forSeconds * 1000) {
    sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' })
    count += 1
  }
  const { user, system } = process.cpuUsage(before)
  return { wall: ((performance.now() - startedAt) * 1000) / count, cpu: (user + system) / count }
}

measure(seconds / 3)
console.log(JSON.stringify(measure(seconds)))
