// RFC 1950: ZLIB data, with a cap on what comes out.
import { readCapped } from './read-capped.ts'

/** undefined: it is damaged, or makes more than `most` bytes. */
export const inflate = async (compressed: Uint8Array<ArrayBuffer>, most: number): Promise<Uint8Array | undefined> => {
  try {
    return await readCapped(
      new Response(new Blob([compressed]).stream().pipeThrough(new DecompressionStream('deflate'))),
      most,
    )
  } catch {
    return undefined
  }
}
