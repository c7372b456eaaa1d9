// One Postgres connection that carries many queries at once, and is made anew after a loss.
import pg from 'pg'

/** Runs the prepared statement `name`; the same name always comes with the same text. */
export type Query = <Row>(name: string, text: string, values: readonly unknown[]) => Promise<Row[]>

/**
 * Brings a connection to what the store counts on, whatever the server's defaults: an acknowledged commit is on disk,
 * and a statement of its own sees all that was committed before it.
 */
export const sessionSql = `SELECT set_config('default_transaction_isolation', 'read committed', false),
  set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)`

export interface Pipeline {
  /** Rejects when the server cannot be reached, does not answer within `query_timeout`, or refuses. */
  query: Query
  close(): Promise<void>
}

/** Connects at the first query. A query that fails is not sent again: whether it was carried out may be unknown. */
export const openPipeline = (config: pg.ClientConfig): Pipeline => {
  let current: Promise<pg.Client> | undefined
  let closed = false

  const connect = (): Promise<pg.Client> => {
    const client = new pg.Client({ ...config, pipeline: true })
    const connecting = client
      .connect()
      .then(() => client.query(sessionSql))
      .then(() => client)
    const leave = (): void => {
      if (current === connecting) current = undefined
    }
    client.on('error', leave) // every query under way is told as well
    client.on('end', leave)
    connecting.catch(() => {
      leave()
      void client.end()
    })
    return connecting
  }

  return {
    async query<Row>(name: string, text: string, values: readonly unknown[]): Promise<Row[]> {
      if (closed) throw new Error('Connection terminated: the store was closed')
      current ??= connect()
      const mine = current
      const client = await mine
      try {
        return (await client.query({ name, text, values: values as unknown[] })).rows as Row[]
      } catch (error) {
        // No statement here fails on a healthy connection: what is under way may end, what comes next begins anew,
        // be it that the server has become a standby or that a newer version changed a table under a prepared statement.
        if (current === mine) {
          current = undefined
          void client.end()
        }
        throw error
      }
    },
    async close() {
      closed = true
      const last = await current?.catch(() => undefined)
      await last?.end()
    },
  }
}
