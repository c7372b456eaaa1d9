// The floor under a gateway: a bare node:http proxy over kept connections that checks nothing. Standard input holds {port} of the upstream.
import { Agent, createServer, request as ask } from 'node:http'
import { json } from 'node:stream/consumers'

const { port } = await json(process.stdin)
const agent = new Agent({ keepAlive: true })

const server = createServer((request, response) => {
  const { method, url: path, headers } = request
  const onward = ask({ host: '127.0.0.1', port, agent, method, path, headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers)
    answer.pipe(response)
  })
  onward.on('error', () => response.destroy())
  request.pipe(onward)
})
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })))
