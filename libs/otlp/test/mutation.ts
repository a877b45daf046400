import type { Random } from './oracle/random.ts'

/** Pieces that parsers of JSON and protobuf have stumbled over. */
const PIECES = [
  '"', '\\', '\\u', '\\ud800', '{', '}', '[', ']', ',', ':', 'null', 'true', '-', '-0', '0', '1e', '1e999', '1.7e18', '99999999999999999999', '""', '"NaN"', ' ', '\n', '\u0000', '\ufeff', 'é', '😀',
  '"key":', '"value":{', '"stringValue":"', '"attributes":[', '"traceId":"zz"', '{"arrayValue":{"values":[', '[[[[[[[[',
].map((text) => Buffer.from(text))
const BYTES = [0x00, 0x01, 0x0a, 0x7f, 0x80, 0xc0, 0xed, 0xff].map((byte) => Buffer.from([byte]))

/** The same bytes with one to four changes: bits, pieces put in, parts taken out or repeated, the end cut off. */
export function mutated(bytes: Buffer, random: Random): Buffer {
  let body: Buffer = Buffer.from(bytes)
  for (let changes = 1 + random.below(4); changes > 0 && body.length > 0; changes--) {
    const at = random.below(body.length)
    const stop = Math.min(body.length, at + 1 + random.below(random.pick([1, 8, 200])))
    const put = (piece: Buffer, from = at): Buffer => Buffer.concat([body.subarray(0, at), piece, body.subarray(from)])
    switch (random.below(7)) {
      case 0:
        body[at]! ^= 1 << random.below(8)
        break
      case 1:
        body = put(random.pick(PIECES))
        break
      case 2:
        body = put(random.pick(PIECES), stop)
        break
      case 3:
        body = put(random.pick(BYTES), at + random.below(2))
        break
      case 4:
        body = put(Buffer.alloc(0), stop)
        break
      case 5:
        body = put(body.subarray(at, stop))
        break
      default:
        if (random.oneIn(4)) body = body.subarray(0, at)
    }
  }
  return body
}
