import type { RedactionRule } from './redaction-rule.ts'

/** Not the rest of `count`. RE2 has no lookahead. */
const NOT_COUNT = 'c(?:$|[^o]|o(?:$|[^u]|u(?:$|[^n]|n(?:$|[^t]))))'

/** The names of secrets, as `@ballast/telemetry` knows them. A number of tokens is none: `gen_ai.usage.input_tokens`. */
const SECRET_NAME =
  'pass(?:word|wd|phrase)|secret|authorization|cookie|credential|api[-_.]?key|private[-_.]?key|access[-_.]?key|session[-_.]?id|signature' +
  `|token(?:$|[^s._c-]|[._-]?${NOT_COUNT}|[._-](?:$|[^c]))`

/** Rules for what many have. `credentials` goes by names; the others search texts. */
export const builtInRules = {
  /** Attributes whose name says that they hold a secret: authorization, cookie, set-cookie, password, token, api key and the like. */
  credentials: { name: 'credentials', keyPattern: SECRET_NAME, action: 'mask' },
  /** What follows `Bearer` or `Basic`. */
  bearer: {
    name: 'bearer',
    valuePattern: '(?i)\\b(?:bearer|basic)\\s+([\\w.~+/=-]{6,})',
    contains: ['Bearer', 'bearer', 'BEARER', 'Basic', 'basic', 'BASIC'],
    action: 'mask',
  },
  /** JSON Web Tokens. */
  jwt: { name: 'jwt', valuePattern: '\\beyJ[\\w-]{5,}\\.eyJ[\\w-]{5,}\\.[\\w-]*', contains: ['eyJ'], action: 'mask' },
  /** E-mail addresses. */
  email: { name: 'email', valuePattern: '[\\w.+-]+@[\\w-]+(?:\\.[\\w-]+)+', contains: ['@'], action: 'mask' },
  /** Numbers of payment cards: 13 to 19 digits, perhaps in groups, that begin as those of card networks do and have the right check digit. */
  card_number: { name: 'card_number', cardNumber: true, action: 'mask' },
} as const satisfies Record<string, RedactionRule>

/** Names of {@link builtInRules}. */
export type BuiltInRuleName = keyof typeof builtInRules
