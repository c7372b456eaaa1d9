// The store on SQLite fulfils the contract.
import { temporaryFolder } from '../temporary-folder.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { conformance } from './conformance.ts'

conformance('sqlite', (t) => {
  const folder = temporaryFolder(t)
  return Promise.resolve({
    async open() {
      const store = await openSqlite(folder)
      t.after(() => store.close())
      return store
    },
  })
})
