import { randomBytes } from 'node:crypto'
import type { ClickHouseException } from '../errors.ts'

/** A fresh tag for `X-ClickHouse-Exception-Tag`: 16 letters, as ClickHouse makes them. */
export function exceptionTag(): string {
  return Array.from(randomBytes(16), (byte) => String.fromCharCode(97 + (byte % 26))).join('')
}

/**
 * The end of a response whose query failed after its first rows: ClickHouse's marked block, by which a client
 * that knows the tag from the header can tell an exception from data.
 */
export function lateException(exception: ClickHouseException, tag: string, version: string): Buffer {
  const message = `${exception.toText(version)}\n`
  return Buffer.from(`\r\n__exception__\r\n${tag}\r\n${message}${Buffer.byteLength(message)} ${tag}\r\n__exception__\r\n`)
}
