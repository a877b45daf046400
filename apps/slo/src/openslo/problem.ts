/** Something wrong in a file of objectives, for a person to read and mend. */
export interface Problem {
  /** `error`: what the file asks for is not in effect. `warning`: it is, but look at it. */
  readonly level: 'error' | 'warning'
  readonly file: string
  /** 1 is the first line. Absent when the file as a whole is meant. */
  readonly line?: number
  /** Kind and name, as far as they could be read: `SLO checkout-availability`. */
  readonly document?: string
  /** Path of the field: `spec.objectives[0].target`. */
  readonly field?: string
  /** The value found, as text. */
  readonly value?: string
  /** What is allowed in its place. */
  readonly allowed?: string
  /** All of the above in one sentence. */
  readonly message: string
}

/** What is wrong; the sentence is made of it. */
export interface Fault extends Omit<Problem, 'message'> {
  /** What is wrong, following the field: `is not known`. */
  readonly fault: string
}

/** Longest value that is repeated in a problem, characters. */
const MAX_VALUE_LENGTH = 80

/** Makes a problem with its sentence: `shop.yaml:12: SLO a: spec.objectives[0].target is "2"; allowed: a decimal below 1.` */
export function problemOf({ fault, ...facts }: Fault): Problem {
  const { file, line, document, field, value, allowed } = facts
  const place = line === undefined ? file : `${file}:${line}`
  const shown = value === undefined || value.length <= MAX_VALUE_LENGTH ? value : `${value.slice(0, MAX_VALUE_LENGTH)}…`
  const subject = [document, field].filter((part) => part !== undefined).join(': ')
  const sentence = `${subject} ${shown === undefined ? '' : `is ${JSON.stringify(shown)}${fault === '' ? '' : ', which '}`}${fault}`.trim()
  return {
    ...facts,
    ...(shown === undefined ? {} : { value: shown }),
    message: `${place}: ${sentence.replaceAll(/ +/g, ' ')}${allowed === undefined ? '' : `; allowed: ${allowed}`}.`,
  }
}
