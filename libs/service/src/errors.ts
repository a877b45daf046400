/** Codes of every error this package throws; each is stable and documented in the package's README. */
export type ServiceErrorCode =
  | 'SETTING_INVALID'
  | 'SETTING_MISSING'
  | 'SETTING_UNKNOWN'
  | 'SHUTDOWN_DEADLINE'
  | 'HEALTH_CHECK_TIMEOUT'
  | 'PORT_TAKEN'
  | 'DATA_DIR_UNUSABLE'

/** An error of `@ballast/service`: a stable `code`, a sentence for a person, the original error as `cause`. */
export class ServiceError extends Error {
  override readonly name: string = 'ServiceError'
  readonly code: ServiceErrorCode

  constructor(code: ServiceErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** One or more settings are wrong. `problems` holds one sentence each: variable, value, what is allowed. */
export class SettingsError extends ServiceError {
  override readonly name = 'SettingsError'
  readonly problems: readonly string[]

  constructor(code: ServiceErrorCode, problems: readonly string[]) {
    super(code, problems.join('\n'))
    this.problems = problems
  }
}
