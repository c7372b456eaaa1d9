// An adapter of better-auth over Maps: rows by their id and, where they have one, by their token. The memory adapter that ships with
// it filters every row of a table at each question, which says nothing about a server that has some thousand refresh tokens.
import { createAdapterFactory } from 'better-auth/adapters'

class Table {
  #rows = new Map()
  #tokens = new Map()

  add(row) {
    this.#rows.set(row.id, row)
    if (row.token !== undefined) this.#tokens.set(row.token, row)
    return row
  }

  remove(row) {
    this.#rows.delete(row.id)
    this.#tokens.delete(row.token)
  }

  /** The rows that have every value asked for: the first question by id or token leaves one at most. */
  find(where = []) {
    if (where.some(({ operator, connector }) => operator !== 'eq' || connector !== 'AND'))
      throw new Error(`Not needed until now: ${JSON.stringify(where)}`)
    const asked = (field) => where.find((question) => question.field === field)?.value
    const [id, token] = [asked('id'), asked('token')]
    const one = id === undefined ? token !== undefined && this.#tokens.get(token) : this.#rows.get(id)
    const rows = id === undefined && token === undefined ? [...this.#rows.values()] : one ? [one] : []
    return rows.filter((row) => where.every(({ field, value }) => (row[field] ?? null) === value))
  }
}

export const mapsAdapter = () => {
  const tables = new Map()
  const table = (model) => tables.get(model) ?? tables.set(model, new Table()).get(model)
  return createAdapterFactory({
    config: { adapterId: 'maps', adapterName: 'Maps', supportsArrays: true, supportsJSON: true },
    adapter: () => ({
      create: async ({ model, data }) => table(model).add(data),
      findOne: async ({ model, where }) => table(model).find(where)[0] ?? null,
      findMany: async ({ model, where }) => table(model).find(where),
      count: async ({ model, where }) => table(model).find(where).length,
      async update({ model, where, update }) {
        const row = table(model).find(where)[0]
        return row ? Object.assign(row, update) : null
      },
      async updateMany({ model, where, update }) {
        const rows = table(model).find(where)
        for (const row of rows) Object.assign(row, update)
        return rows.length
      },
      async incrementOne({ model, where, increment, set }) {
        const row = table(model).find(where)[0]
        if (row === undefined) return null
        for (const [field, by] of Object.entries(increment)) row[field] = (row[field] ?? 0) + by
        return Object.assign(row, set)
      },
      async delete({ model, where }) {
        for (const row of table(model).find(where)) table(model).remove(row)
      },
      async deleteMany({ model, where }) {
        const rows = table(model).find(where)
        for (const row of rows) table(model).remove(row)
        return rows.length
      },
    }),
  })
}
