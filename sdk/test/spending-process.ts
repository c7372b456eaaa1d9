// Spends of one credential's limit as fast as it can, until it is refused again and again; prints how much it was given.
import { createVerifier } from '../src/index.ts'

const { LATCHKEY: url = '', VERIFY_KEY: key = '', CREDENTIAL: credential = '' } = process.env
const verifier = createVerifier({ url, key, mode: 'cached' })
let given = 0
for (let refused = 0; refused < 20;) {
  const verdicts = await Promise.all(Array.from({ length: 5 }, () => verifier.verify(credential)))
  const valid = verdicts.filter(({ outcome }) => outcome === 'valid').length
  given += valid
  refused = valid === 0 ? refused + 1 : 0
  await new Promise((resolve) => setTimeout(resolve, 5))
}
verifier.close()
console.log(given)
