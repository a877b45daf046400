/** One token of ClickHouse SQL. `depth` counts the brackets around it. */
export interface Token {
  readonly type: 'word' | 'quoted' | 'string' | 'number' | 'open' | 'close' | 'comma' | 'end' | 'other'
  /** The text as written; of a word in upper case. */
  readonly text: string
  readonly start: number
  readonly end: number
  readonly depth: number
}

const PATTERNS: readonly (readonly [Token['type'] | 'space', RegExp])[] = [
  ['space', /(?:\s+|--[^\n]*|#[! ][^\n]*|\/\*[\s\S]*?\*\/)+/y],
  ['word', /[A-Za-z_][\w$]*/y],
  ['quoted', /`(?:\\[\s\S]|``|[^`\\])*`|"(?:\\[\s\S]|""|[^"\\])*"/y],
  ['string', /'(?:\\[\s\S]|''|[^'\\])*'|\$(\w*)\$[\s\S]*?\$\1\$/y],
  ['number', /\d[\w.]*/y],
  ['open', /[([{]/y],
  ['close', /[)\]}]/y],
  ['comma', /,/y],
  ['end', /;/y],
  ['other', /[\s\S]/y],
]

/**
 * Reads tokens one by one, so that reading can stop where the data of an insert begins.
 *
 * @param sql - one character a byte (latin1), so that positions are byte positions; what matters in SQL is ASCII.
 */
export function* tokensOf(sql: string): Generator<Token> {
  let position = 0
  let depth = 0
  while (position < sql.length) {
    for (const [type, pattern] of PATTERNS) {
      pattern.lastIndex = position
      const match = pattern.exec(sql)
      if (match === null) continue
      const start = position
      position = pattern.lastIndex
      if (type === 'space') break
      if (type === 'close') depth--
      const text = type === 'word' ? match[0].toUpperCase() : match[0]
      yield { type, text, start, end: position, depth }
      if (type === 'open') depth++
      break
    }
  }
}
