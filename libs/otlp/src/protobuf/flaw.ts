import type { RejectReason } from '../transcoded-block.ts'

/** What is wrong with the record that is being written, if anything. Writers go on, so that all columns keep the same length. */
export class Flaw {
  reason: RejectReason | undefined
  detail = ''

  set(reason: RejectReason, detail: string): void {
    this.reason ??= reason
    this.detail ||= detail
  }

  /** A text that cannot be stored as it is. */
  notUtf8(what: string): void {
    this.set('invalid_utf8', `${what} is not UTF-8; send bytes as bytes_value`)
  }

  clear(): void {
    this.reason = undefined
    this.detail = ''
  }
}
