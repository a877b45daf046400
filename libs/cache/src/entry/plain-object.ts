import { TOKEN } from './plain-tokens.ts'

/** What objects are made from. */
export interface PlainSource {
  /** The bytes, and where the next token stands. */
  readonly source: Uint8Array
  at: number
  /** All text, and where the next one starts. */
  readonly text: string
  textAt: number
  /** The next value. */
  read(): unknown
  /** Make the objects, by the number of their shape. */
  readonly shapes: readonly MakeObject[]
  /** The value of a token that was read, if it is no short text, no small number and no object. */
  readOther(token: number): unknown
}

/** Makes an object from what comes next. */
export type MakeObject = (from: PlainSource) => unknown

/**
 * A function that makes the objects of one shape. It is compiled, as those of msgpackr are: an object that is written down with all its keys is made at once, one that gets
 * its keys by and by is made several times.
 *
 * @throws when the keys cannot be those of plain data.
 */
export function compileShape(keys: readonly string[]): MakeObject {
  if (keys.includes('__proto__') || new Set(keys).size < keys.length) throw new TypeError('not the keys of an object')
  try {
    // Keys come from Redis: JSON makes of any a string and nothing else.
    const names = keys.map((_, place) => `value${place}`)
    const values = names.map((name) => `const ${name} = ${VALUE}`)
    const properties = keys.map((key, place) => `this[${JSON.stringify(key)}] = value${place}`)
    // A constructor and not a literal, for the reason that `NewEntry` gives; with the prototype of all objects its objects are plain.
    // oxlint-disable-next-line typescript/no-implied-eval, typescript/no-unsafe-type-assertion -- see above
    return new Function(`function Plain(${names.join(', ')}) {
  ${properties.join('\n  ')}
}
Plain.prototype = Object.prototype
return (from) => {
  const { source, text } = from
  let { at, textAt } = from, token
  ${values.join('\n  ')}
  from.at = at
  from.textAt = textAt
  return new Plain(${names.join(', ')})
}`)() as MakeObject
  } catch {
    // The process does not allow code to be made.
    return (from) => Object.fromEntries(keys.map((key) => [key, from.read()]))
  }
}

/** As `read`, with what is frequent written out. */
const VALUE = `(token = source[at++]) >= ${TOKEN.text}
  ? text.substring(textAt, textAt += token - ${TOKEN.text})
  : token < ${TOKEN.null} ? token
  : (from.at = at, from.textAt = textAt, token = token >= ${TOKEN.object} && token < ${TOKEN.array} ? from.shapes[token - ${TOKEN.object}](from) : from.readOther(token), at = from.at, textAt = from.textAt, token)`
