import { BACKSLASH, CLOSE_BRACE, CLOSE_BRACKET, COMMA, OPEN_BRACE, OPEN_BRACKET, QUOTE } from './json-bytes.ts'

const MAX_LENGTH = 300

/** An object or array that is open: which of its values comes. */
interface Level {
  readonly isArray: boolean
  index: number
  key: string
  /** Whether the next text is a key. */
  atKey: boolean
}

/**
 * The path from the value that begins at `from` to the one that begins at `to`, as `spans[1].name`. Only asked for when something
 * is wrong, so that nobody has to keep track. The text in between must be JSON.
 */
export function pathInJson(source: Buffer, from: number, to: number): string {
  const levels: Level[] = []
  for (let at = from; at < to; at++) {
    const level = levels.at(-1)
    const byte = source[at]!
    switch (byte) {
      case OPEN_BRACE:
      case OPEN_BRACKET:
        levels.push({ isArray: byte === OPEN_BRACKET, index: 0, key: '', atKey: true })
        break
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        levels.pop()
        break
      case COMMA:
        level!.index++
        level!.atKey = true
        break
      case QUOTE: {
        const stop = endOfString(source, at)
        if (level !== undefined && !level.isArray && level.atKey) {
          level.key = source.toString('utf8', at + 1, stop)
          level.atKey = false
        }
        at = stop
        break
      }
      default:
    }
  }
  const path = levels.map(({ isArray, index, key }) => (isArray ? `[${index}]` : `.${key}`)).join('')
  return path.replace(/^\./, '').slice(0, MAX_LENGTH)
}

/** Where the string that begins at `start` has its closing quote. */
function endOfString(source: Buffer, start: number): number {
  let at = start + 1
  for (; source[at] !== QUOTE; at++) if (source[at] === BACKSLASH) at++
  return at
}
