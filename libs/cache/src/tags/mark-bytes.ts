const MARK = /^(\d{1,16}):(\d{1,16})$/

/** When a tag or namespace was last invalidated, in Redis's microseconds; 0 for never. */
export interface MarkTimes {
  readonly hardUs: number
  readonly softUs: number
}

/** A mark as it stands in Redis, `hard:soft`; what is not one reads as never. */
export function parseMark(bytes: Buffer | null): MarkTimes {
  const found = bytes === null ? null : MARK.exec(bytes.toString('latin1'))
  return found === null ? { hardUs: 0, softUs: 0 } : { hardUs: Number(found[1]), softUs: Number(found[2]) }
}
