// RFC 7515 §2: base64url without padding, in its one canonical spelling.

/** The bytes of `text`; undefined for another alphabet, padding, white space or set trailing bits, all of which Node would pass over. */
export const decodeBase64url = (text: string): Buffer | undefined => {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}

/** Of a string, its UTF-8. */
export const encodeBase64url = (data: string | Uint8Array): string =>
  (typeof data === 'string' ? Buffer.from(data) : Buffer.from(data.buffer, data.byteOffset, data.byteLength)).toString(
    'base64url',
  )
