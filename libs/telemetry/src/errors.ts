/** Codes of every error this package throws; each is stable and documented in the package's README. */
export type TelemetryErrorCode = 'OPTION_INVALID' | 'ALREADY_STARTED'

/** An error of `@ballast/telemetry`: a stable `code`, a sentence for a person, the original error as `cause`. Thrown at the start only. */
export class TelemetryError extends Error {
  override readonly name = 'TelemetryError'
  readonly code: TelemetryErrorCode

  constructor(code: TelemetryErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
