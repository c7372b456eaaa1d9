// RFC 9110 §9: routes that take whatever method a caller sends.
import { METHODS } from 'node:http'
import type { FastifyInstance } from 'fastify'

/** Makes the server know every method that node parses, and lists them. CONNECT asks for a tunnel through a forward proxy, which this is not. */
export const everyMethod = (server: FastifyInstance): string[] => {
  const methods = METHODS.filter((method) => method !== 'CONNECT')
  for (const method of methods) if (!server.supportedMethods.includes(method)) server.addHttpMethod(method)
  return methods
}
