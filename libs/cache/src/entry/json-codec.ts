import { SERIALISER, type ValueCodec } from './value-codec.ts'

/** Values as JSON text. */
export const jsonCodec: ValueCodec = {
  serialiser: SERIALISER.json,
  name: 'json',
  encode(value, offset) {
    const text: string | undefined = JSON.stringify(value)
    if (text === undefined) throw new TypeError(`JSON has no ${typeof value}`)
    const bytes = Buffer.allocUnsafe(offset + Buffer.byteLength(text))
    bytes.write(text, offset)
    return bytes
  },
  decode: (bytes, start, end) => JSON.parse(bytes.toString('utf8', start, end)) as unknown,
}
