import { BOOL, BYTES, DOUBLE, ENUM, type Field, FIXED32, FIXED64, ID, INT64, SFIXED64, SINT32, UINT32, UINT64 } from './message-type.ts'

const integerFrom = (min: bigint, max: bigint): string => `an integer from ${min} to ${max}, as a number or a string of digits`
const EXPECTED_INT64 = integerFrom(-(2n ** 63n), 2n ** 63n - 1n)
const EXPECTED_UINT64 = integerFrom(0n, 2n ** 64n - 1n)
const EXPECTED_INT32 = integerFrom(-(2n ** 31n), 2n ** 31n - 1n)
const EXPECTED_UINT32 = integerFrom(0n, 2n ** 32n - 1n)

/** What a field can have. */
export function expectedOf({ kind, details: { names, idBytes } }: Field): string {
  switch (kind) {
    case ID:
      return `${idBytes! * 2} hex digits`
    case BYTES:
      return 'base64'
    case DOUBLE:
      return 'a number, "NaN", "Infinity" or "-Infinity"'
    case ENUM:
      return `the number or name of an enum, such as ${names!.at(-1)}`
    case BOOL:
      return 'true or false'
    case INT64:
    case SFIXED64:
      return EXPECTED_INT64
    case FIXED64:
    case UINT64:
      return EXPECTED_UINT64
    case FIXED32:
    case UINT32:
      return EXPECTED_UINT32
    case SINT32:
      return EXPECTED_INT32
    default:
      return 'a string'
  }
}
