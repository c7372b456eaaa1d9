// The PostgreSQL server that tests use, and schemas of their own in it.
import { randomBytes } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import pg from 'pg'

const server = process.env.DATABASE_URL_TEST ?? 'postgres://root@127.0.0.1:5432/test'

/** The server's address with every connection in `schema`. */
export const urlOf = (schema: string, settings = ''): string => {
  const url = new URL(server)
  url.searchParams.set('options', `-c search_path=${schema}${settings}`)
  return url.href.replaceAll('+', '%20')
}

/** One statement on a connection of its own. */
export const execute = async (text: string): Promise<Record<string, unknown>[]> => {
  const client = new pg.Client({ connectionString: server, connectionTimeoutMillis: 3_000 })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

/** Makes a schema that is dropped when the test ends. */
export const temporarySchema = async (t: Pick<TestContext, 'after'>): Promise<string> => {
  const schema = `latchkey_test_${randomBytes(6).toString('hex')}`
  await execute(`CREATE SCHEMA ${schema}`)
  t.after(() => execute(`DROP SCHEMA ${schema} CASCADE`))
  return schema
}

const unreachable = async (): Promise<string | undefined> => {
  try {
    await execute('SELECT 1')
    return undefined
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    return `no PostgreSQL at ${new URL(server).host} (${code ?? message}); set DATABASE_URL_TEST`
  }
}

/** Runs `tests` where a server is found. Where none is: one skipped test that says so, and with CI=true a failed one. */
export const withPostgres = async (name: string, tests: () => void): Promise<void> => {
  const reason = await unreachable()
  if (reason === undefined) return tests()
  if (process.env.CI === 'true') {
    test(name, () => {
      throw new Error(reason)
    })
  } else {
    process.stderr.write(`SKIPPED: ${name}: ${reason}\n`)
    test(name, { skip: reason })
  }
}
