// Whether whoever asks sits at this machine, for what is shown to nobody else.
import type { IncomingMessage } from 'node:http'
import { isLoopbackAddress } from '../config/config.ts'

/** Written by proxies. Whatever one of them says, and in whatever form, the request has come from somewhere else. */
const forwarding = /^(?:forwarded|via|x-forwarded-.*|x-real-ip|x-original-.*|cf-.*|true-client-ip)$/

/** HTTP/1.0 is what nginx speaks to an upstream unless it is told otherwise. */
export const isFromThisMachine = ({ socket, headers, httpVersion }: IncomingMessage): boolean =>
  isLoopbackAddress((socket.remoteAddress ?? '').replace(/^::ffff:/, '')) &&
  httpVersion !== '1.0' &&
  !Object.keys(headers).some((name) => forwarding.test(name))
