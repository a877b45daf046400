/** What a rule does with what it finds. */
export type RedactionAction =
  /** Leaves it out: the attribute, the item of a nested value, or all of another text. */
  | 'drop'
  /** Puts {@link redacted} in its place. */
  | 'mask'
  /** Puts a keyed hash in its place: of one tenant's equal values the hashes are equal, so that they can still be joined. */
  | 'pseudonymise'
  /** Leaves it as it is, against the key rules that come later. For key rules only. */
  | 'keep'

/** What stands in place of a masked value; the same text as `@ballast/telemetry` uses. */
export const redacted = '[redacted]'

interface CommonRule {
  /** Names the rule in counts: letters, digits, `_`, `-` and `.`, up to 64. */
  readonly name: string
  readonly action: RedactionAction
}

/** Goes by the name of an attribute, or of a field inside a nested value; of several rules the first that fits counts. */
export interface KeyRule extends CommonRule {
  /** Whole keys, in any case; `*` stands for any text. */
  readonly keys?: readonly string[]
  /** A regular expression, in any case, that is found anywhere in the key. RE2 syntax: https://github.com/google/re2/wiki/Syntax */
  readonly keyPattern?: string
}

/** Goes by what a text holds, wherever the text is. All rules are tried, in order. */
export interface ValueRule extends CommonRule {
  readonly action: 'drop' | 'mask' | 'pseudonymise'
  /** A regular expression in RE2 syntax. What it finds is replaced; if it has a group, only what the first group holds. */
  readonly valuePattern?: string
  /** With `valuePattern`: a text without any of these is not searched, which makes a rule nearly free. Case counts. Absent: every text is searched. */
  readonly contains?: readonly string[]
  /** Instead of `valuePattern`: finds numbers of payment cards by their check digit. */
  readonly cardNumber?: boolean
}

export type RedactionRule = KeyRule | ValueRule
