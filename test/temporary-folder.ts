// A folder that is gone when the test ends.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A test or a suite: what runs when it ends. */
export interface Cleanup {
  after(work: () => void | Promise<void>): void
}

export const temporaryFolder = (t: Cleanup): string => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
