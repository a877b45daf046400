/** What stands in an event or span in place of a secret. */
export const redacted = '[redacted]'

// A number of tokens is no secret: `gen_ai.usage.input_tokens`.
const SECRET_WORDS = 'pass(?:word|wd|phrase)|secret|token(?!s|[-_.]?count)|authorization|cookie|credential|api[-_.]?key|private[-_.]?key|access[-_.]?key|session[-_.]?id|signature'

/** Names whose values never leave the process. */
const SECRET_NAME = new RegExp(SECRET_WORDS, 'i')
/** `name=value`, `name: value` and `"name":"value"` inside a longer text, a URL's query above all. Repeats are bounded, so the time is linear in the text. */
const SECRET_PAIR = new RegExp(`((?:${SECRET_WORDS})[\\w.-]{0,40}"?\\s{0,4}[=:]\\s{0,4}"?)(?!(?:bearer|basic)\\s)[^\\s&;,"]+`, 'gi')
const CREDENTIALS = /\b(bearer|basic)\s+[\w.~+/=-]+/gi
/** The user and password of a URL. */
const USER_INFO = /(\b[a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/@]+@/gi

/** What every text that carries a credential contains; most texts do not, and are spared the patterns above. */
const SUSPICIOUS = /[=:]|bearer|basic/i

/** Verdicts about names, which are few and come again and again; bounded, because a caller may make names up. */
const verdicts = new Map<string, boolean>()
const MAX_VERDICTS = 1_000

/** Whether the value of a field must not leave the process, judged by the field's name. */
export function isSecretName(name: string, extra?: RegExp): boolean {
  let secret = verdicts.get(name)
  if (secret === undefined) {
    secret = SECRET_NAME.test(name)
    if (verdicts.size < MAX_VERDICTS) verdicts.set(name, secret)
  }
  return secret || (extra !== undefined && name.search(extra) !== -1)
}

/** The text without credentials that it carries in a form that can be told: `token=…`, `Bearer …`, `redis://user:password@…`. */
export function withoutSecrets(text: string): string {
  if (!SUSPICIOUS.test(text)) return text
  return text.replace(CREDENTIALS, `$1 ${redacted}`).replace(SECRET_PAIR, `$1${redacted}`).replace(USER_INFO, `$1${redacted}@`)
}
