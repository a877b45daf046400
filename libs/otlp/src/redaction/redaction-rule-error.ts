/** A rule that cannot be used: the message says which, and why. */
export class RedactionRuleError extends Error {
  override readonly name = 'RedactionRuleError'
  readonly code = 'INVALID_REDACTION_RULE'
}
