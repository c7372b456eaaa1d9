// The floor: a bare node:http server that answers bytes given beforehand, to POST once it has read the body.
// Standard input holds {answers: {"METHOD /path": {headers: [name, value, …], body}}}.
import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'

const { answers } = await json(process.stdin)
const routes = new Map(Object.entries(answers))

const server = createServer((request, response) => {
  const query = request.url.indexOf('?')
  const path = query === -1 ? request.url : request.url.slice(0, query)
  const answer = routes.get(`${request.method} ${path}`)
  if (answer === undefined) {
    response.writeHead(404).end()
    return
  }
  const send = () => response.writeHead(200, answer.headers).end(answer.body)
  if (request.method === 'GET') {
    send()
    return
  }
  let received = 0
  request.on('data', (chunk) => {
    received += chunk.length
  })
  request.on('end', () => {
    if (received === Number(request.headers['content-length'])) send()
    else response.writeHead(400).end()
  })
})
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })))
