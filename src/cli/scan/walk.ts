// Walks a folder for texts to scan: not into .git, node_modules or links, not binaries, not files above 10 MB.
import { lstat, open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

const maxBytes = 10 * 1024 * 1024
/** A NUL so early tells a binary, as git has it. */
const binaryProbe = 8000
const skippedFolders = new Set(['.git', 'node_modules'])

export type Visited =
  | { file: string; text: string }
  | { file: string; skipped: 'binary' | 'larger than 10 MB' }
  | { file: string; unreadable: string }

const read = async (file: string): Promise<Visited> => {
  try {
    const handle = await open(file)
    try {
      const { size } = await handle.stat()
      if (size > maxBytes) return { file, skipped: 'larger than 10 MB' }
      const bytes = await handle.readFile()
      return bytes.subarray(0, binaryProbe).includes(0)
        ? { file, skipped: 'binary' }
        : { file, text: bytes.toString('utf8') }
    } finally {
      await handle.close()
    }
  } catch (error) {
    return { file, unreadable: (error as NodeJS.ErrnoException).code ?? (error as Error).message }
  }
}

/** Every file under `path` (which may be one itself), in order of name. Throws where `path` does not exist. */
export async function* walk(path: string): AsyncGenerator<Visited> {
  if ((await stat(path)).isFile()) yield await read(path)
  else yield* walkFolder(path)
}

async function* walkFolder(folder: string): AsyncGenerator<Visited> {
  let names: string[]
  try {
    names = (await readdir(folder)).sort()
  } catch (error) {
    yield { file: folder, unreadable: (error as NodeJS.ErrnoException).code ?? (error as Error).message }
    return
  }
  for (const name of names) {
    const path = join(folder, name)
    const entry = await lstat(path).catch(() => undefined) // gone meanwhile
    if (entry?.isDirectory()) {
      if (!skippedFolders.has(name)) yield* walkFolder(path)
    } else if (entry?.isFile()) yield await read(path)
  }
}
