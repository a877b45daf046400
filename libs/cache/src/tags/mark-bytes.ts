const MARK = /^(\d{1,16}):(\d{1,16})$/

/** A mark as it stands in Redis, `hard:soft` in microseconds; what is not one reads as never. */
export function readMark(bytes: Buffer | null): { readonly hardUs: number; readonly softUs: number } {
  const found = bytes === null ? null : MARK.exec(bytes.toString('latin1'))
  return found === null ? { hardUs: 0, softUs: 0 } : { hardUs: Number(found[1]), softUs: Number(found[2]) }
}
