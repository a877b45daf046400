const NO_BYTES = Buffer.alloc(0)

let lastSource: Buffer = NO_BYTES
let lastView: DataView = new DataView(NO_BYTES.buffer)

/**
 * A view of `source` for reading several bytes at once. The last one is kept: a whole request is read from one source, and a
 * view for each text would be garbage.
 */
export function sourceView(source: Buffer): DataView {
  if (source !== lastSource) {
    lastSource = source
    lastView = new DataView(source.buffer, source.byteOffset, source.byteLength)
  }
  return lastView
}
