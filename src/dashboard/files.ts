// The built dashboard in memory: its page, and its assets by name. A path from outside is looked up here and never on the disk.
import { createHash } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import { extname, join } from 'node:path'

export type Coding = 'br' | 'gzip'

export interface Asset {
  type: string
  etag: string
  body: Buffer
  /** Where compressing makes it smaller. */
  coded: Partial<Record<Coding, Buffer>>
}

export interface DashboardFiles {
  /** index.html, the same at every address. */
  page: Asset
  /** By name under /assets/. */
  assets: ReadonlyMap<string, Asset>
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

const readAsset = async (path: string, names: ReadonlySet<string>): Promise<Asset> => {
  const body = await readFile(path)
  const coded: Asset['coded'] = {}
  for (const [coding, ending] of [
    ['br', '.br'],
    ['gzip', '.gz'],
  ] as const)
    if (names.has(path + ending)) coded[coding] = await readFile(path + ending)
  return {
    type: types[extname(path)] ?? 'application/octet-stream',
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    body,
    coded,
  }
}

/** Throws what the file system says. */
export const readFiles = async (folder: string): Promise<DashboardFiles> => {
  const names = new Set(
    (await readdir(folder, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  )
  const assets = new Map<string, Asset>()
  for (const path of names) {
    const name = path.slice(join(folder, 'assets').length + 1)
    if (path === join(folder, 'assets', name) && types[extname(name)] !== undefined)
      assets.set(name, await readAsset(path, names))
  }
  return { page: await readAsset(join(folder, 'index.html'), names), assets }
}
