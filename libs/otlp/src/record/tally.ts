import type { RejectedRecord, RejectReason, Transcoded, WarningKind } from '../transcoded-block.ts'

/** Counts what was rejected and what was odd while one request is transcoded. */
export class Tally {
  readonly warnings = new Map<WarningKind, number>()
  readonly reasons = new Map<RejectReason, number>()
  readonly rejects: RejectedRecord[] = []
  /** Records that were left out. */
  sampled = 0
  /** Records of a time that few others have. */
  late = 0

  warn(kind: WarningKind, times = 1): void {
    this.warnings.set(kind, (this.warnings.get(kind) ?? 0) + times)
  }

  reject(record: RejectedRecord): void {
    this.reasons.set(record.reason, (this.reasons.get(record.reason) ?? 0) + 1)
    this.rejects.push(record)
  }

  /** What a request's result says beside its blocks. */
  outcome(): Pick<Transcoded, 'sampled' | 'late' | 'rejected' | 'rejects' | 'warnings'> {
    return { sampled: this.sampled, late: this.late, rejected: { count: this.rejects.length, reasons: this.reasons }, rejects: this.rejects, warnings: this.warnings }
  }
}
