// Secrets come from standard input, not from the arguments, which every process on the machine can read.
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { Refusal } from '../errors.ts'

/** More than any credential or password has. */
const maxBytes = 64 * 1024

/** One secret: typed without echo on a terminal, else all of standard input without the end of its line. */
export const readSecretInput = async (prompt: string): Promise<string> => {
  const secret = process.stdin.isTTY ? await ask(prompt) : (await drain()).replace(/\r?\n$/, '')
  if (secret === '') throw new Refusal('invalid_request', `${prompt}: nothing came on standard input.`)
  return secret
}

/** What was piped or redirected in, without the end of its line; undefined: nothing, or this is a terminal. */
export const pipedInput = async (): Promise<string | undefined> =>
  process.stdin.isTTY ? undefined : (await drain()).replace(/\r?\n$/, '') || undefined

const drain = async (): Promise<string> => {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxBytes) throw new Refusal('payload_too_large', `Standard input holds more than ${maxBytes} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

const ask = async (prompt: string): Promise<string> => {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const line = createInterface({ input: process.stdin, output: silent, terminal: true })
  process.stderr.write(`${prompt}: `)
  try {
    return await line.question('')
  } catch (error) {
    throw new Refusal('invalid_request', `${prompt}: nothing was typed.`, { cause: error }) // Ctrl-C or Ctrl-D
  } finally {
    line.close()
    process.stderr.write('\n')
  }
}

/** Whether a person at a terminal says yes; where there is none, nobody is asked and nobody objects. */
export const isAgreed = async (question: string): Promise<boolean> => {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return true
  const line = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(?:es)?$/i.test((await line.question(`${question} [y/N] `)).trim())
  } catch {
    return false // Ctrl-C or Ctrl-D
  } finally {
    line.close()
  }
}

/** A credential given as an argument, or as `-` on standard input. */
export const readCredential = async (argument: string, prompt: string): Promise<string> =>
  (argument === '-' ? await readSecretInput(prompt) : argument).trim()
