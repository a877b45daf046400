import { type Token, tokensOf } from './tokens.ts'

/** An insert whose rows follow the SQL. */
export interface DataInsert {
  readonly type: 'data-insert'
  /** Input format, such as `JSONEachRow`; `Values` for VALUES. */
  readonly format: string
  /** End of the part before FORMAT or VALUES, bytes; the file goes in at `fileAt`. */
  readonly headEnd: number
  /** Where `FROM INFILE` belongs: before SETTINGS or SELECT if there, else `headEnd`. Bytes. */
  readonly fileAt: number
  /** Where the rows begin, bytes. */
  readonly dataStart: number
  /** `input(` of an INSERT … SELECT … FROM input('structure'): there the rows are read. Bytes. */
  readonly input: { readonly start: number; readonly end: number } | undefined
}

/** What a request asks for, as far as it decides how to run it. */
export type Statement =
  | DataInsert
  | { readonly type: 'rows'; readonly format: string | undefined }
  | { readonly type: 'statement'; readonly format: string | undefined }
  /** An insert without rows of its own (INSERT … SELECT). */
  | { readonly type: 'insert' }
  | { readonly type: 'refused'; readonly reason: string }

/**
 * Classifies a statement by its first words and finds the data of an insert.
 *
 * @param sql - latin1, as {@link tokensOf} wants it.
 */
export function readStatement(sql: string): Statement {
  const tokens = tokensOf(sql)
  const first = firstWord(tokens)
  if (first === 'INSERT') return readInsert(sql, tokens)
  return readQuery(sql, tokens, first)
}

/** The first word, past opening brackets. Leaves the tokens after it to be read: a `for … of` would close the generator. */
function firstWord(tokens: Iterator<Token>): string | undefined {
  for (let next = tokens.next(); next.done !== true; next = tokens.next()) {
    if (next.value.type === 'word') return next.value.text
    if (next.value.type !== 'open') return undefined
  }
  return undefined
}

function readQuery(sql: string, tokens: Iterable<Token>, first: string | undefined): Statement {
  let format: string | undefined
  let beforeLast: Token | undefined
  let last: Token | undefined
  let isInsert = false
  for (const token of tokens) {
    if (token.type === 'word' && token.depth <= 0) {
      if (last?.text === 'INTO' && token.text === 'OUTFILE') return { type: 'refused', reason: 'INTO OUTFILE is not allowed over HTTP.' }
      if (first === 'WITH' && token.text === 'INSERT') isInsert = true
    }
    // `SELECT format FROM t` names a column: a format's name is followed by nothing but SETTINGS or the end.
    const namedBefore = isFormatKeyword(beforeLast) && last?.type === 'word'
    if (namedBefore && token.text !== 'SETTINGS' && token.type !== 'end') format = undefined
    if (isFormatKeyword(last) && token.type === 'word') format = sql.slice(token.start, token.end)
    beforeLast = last
    last = token
  }
  if (isInsert) return { type: 'insert' }
  const rows = first === 'SELECT' || first === 'WITH' || first === 'FROM' || first === undefined
  return { type: rows ? 'rows' : 'statement', format }
}

function isFormatKeyword(token: Token | undefined): boolean {
  return token?.type === 'word' && token.text === 'FORMAT' && token.depth <= 0
}

function readInsert(sql: string, tokens: Iterable<Token>): Statement {
  let previous: Token | undefined
  let fileAt: number | undefined
  let input: DataInsert['input']
  let isSelect = false
  let named = false
  for (const token of tokens) {
    const last = previous
    previous = token
    // The table's name comes first, and may be any word.
    if (!named) {
      if (token.type === 'word' && (token.text === 'INTO' || token.text === 'TABLE')) continue
      named = true
      continue
    }
    if (isSelect && token.type === 'open' && last?.type === 'word' && last.text === 'INPUT') input = { start: last.start, end: token.end }
    if (isSelect && input === undefined) continue
    if (token.depth > 0 || token.type !== 'word' || last?.text === '.' || last?.text === 'FUNCTION') continue
    switch (token.text) {
      case 'INFILE':
        return { type: 'refused', reason: 'FROM INFILE is not allowed over HTTP; send the rows in the body.' }
      case 'SETTINGS':
        fileAt ??= token.start
        break
      case 'SELECT':
      case 'WITH':
      case 'WATCH':
        isSelect = true
        break
      case 'VALUES':
        return { type: 'data-insert', format: 'Values', headEnd: token.start, fileAt: fileAt ?? token.start, dataStart: token.end, input }
      case 'FORMAT':
        return readFormat(sql, token, fileAt, input)
      default:
        break
    }
  }
  return { type: 'insert' }
}

function readFormat(sql: string, keyword: Token, fileAt: number | undefined, input: DataInsert['input']): Statement {
  const name = /^\s*(\w+)/.exec(sql.slice(keyword.end))
  if (name === null) return { type: 'insert' }
  const format = name[1] ?? ''
  // As ClickHouse reads it: one semicolon, blanks, and one line end belong to the SQL; all else is data.
  const blanks = /^;?[ \t\f]*\r?\n?/.exec(sql.slice(keyword.end + name[0].length))
  const dataStart = keyword.end + name[0].length + (blanks?.[0].length ?? 0)
  return { type: 'data-insert', format, headEnd: keyword.start, fileAt: fileAt ?? keyword.start, dataStart, input }
}
