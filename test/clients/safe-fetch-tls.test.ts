// RFC 9110 §4.3.4, RFC 9525: connected to by its address, a server must still prove the name that was asked for.
import assert from 'node:assert/strict'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { SafeFetch } from '../../src/clients/safe-fetch.ts'
import { certificateFor } from './certificate.ts'

test('the certificate is of the name, and of somebody who is trusted', async (t) => {
  const trusted = certificateFor('client.localhost')
  const before = getCACertificates('default')
  setDefaultCACertificates([...before, trusted.cert])
  t.after(() => setDefaultCACertificates(before))
  const served = async (certificate: { key: string; cert: string }): Promise<number> => {
    const server = createServer(certificate, (request, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(request.headers.host)),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.after(() => void server.close())
    return (server.address() as AddressInfo).port
  }
  const fetcher = new SafeFetch('http://localhost:8000', Date.now)
  const answer = async (url: string): Promise<string> => {
    const fetched = await fetcher.json(url, 1000)
    return 'failed' in fetched ? fetched.failed : fetched.text
  }
  const port = await served(trusted)
  assert.equal(await answer(`https://client.localhost:${port}/a`), `"client.localhost:${port}"`)
  assert.match(await answer(`https://other.localhost:${port}/a`), /ERR_TLS_CERT_ALTNAME_INVALID/)
  assert.match(await answer(`https://127.0.0.1:${port}/a`), /ERR_TLS_CERT_ALTNAME_INVALID/)
  const stranger = await served(certificateFor('client.localhost'))
  assert.match(await answer(`https://client.localhost:${stranger}/a`), /SELF_SIGNED|UNABLE_TO_VERIFY|SIGNATURE/)
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0' // whatever the environment says
  t.after(() => delete process.env.NODE_TLS_REJECT_UNAUTHORIZED)
  assert.match(await answer(`https://client.localhost:${stranger}/b`), /SELF_SIGNED|UNABLE_TO_VERIFY|SIGNATURE/)
})
