import { type Document, isNode, LineCounter, type Node, parseAllDocuments } from 'yaml'
import { type Fault, type Problem, problemOf } from './problem.ts'

/** One YAML document of a file: where its nodes are, and what was found wrong in it. */
export class YamlSource {
  readonly file: string
  /** Kind and name, once they are read. */
  label: string | undefined
  readonly #document: Document.Parsed
  readonly #lines: LineCounter
  readonly #wrong: Problem[] = []
  readonly #missing: Problem[] = []

  constructor(file: string, document: Document.Parsed, lines: LineCounter) {
    this.file = file
    this.#document = document
    this.#lines = lines
  }

  /** The document's node, or `null` when it is empty. */
  get root(): Node | null {
    return this.#document.contents
  }

  /** What was found. While something that is written is wrong, what is missing is not said: it is often the same mistake twice. */
  get problems(): readonly Problem[] {
    return this.#wrong.some(({ level }) => level === 'error') ? this.#wrong : [...this.#wrong, ...this.#missing]
  }

  get failed(): boolean {
    return this.problems.some((problem) => problem.level === 'error')
  }

  /** The document that an alias such as `*name` lives in, to resolve it. */
  get document(): Document.Parsed {
    return this.#document
  }

  /** Line of a node, 1 for the first. */
  lineOf(node: unknown): number | undefined {
    if (!isNode(node) || !node.range) return undefined
    return this.#lines.linePos(node.range[0]).line
  }

  /** Reports what is written and wrong. */
  report(fault: Omit<Fault, 'file' | 'document'>): void {
    this.#wrong.push(this.#problem(fault))
  }

  /** Reports what should be there and is not. */
  reportMissing(fault: Omit<Fault, 'file' | 'document'>): void {
    this.#missing.push(this.#problem(fault))
  }

  #problem(fault: Omit<Fault, 'file' | 'document'>): Problem {
    return problemOf({ file: this.file, ...(this.label === undefined ? {} : { document: this.label }), ...fault })
  }
}

/** Splits a file into its documents, by the YAML 1.2 core schema: no dates, no `yes`. Empty documents are left out. */
export function parseYaml(file: string, text: string): YamlSource[] {
  const lines = new LineCounter()
  const documents = parseAllDocuments(text, { version: '1.2', schema: 'core', lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  if (!Array.isArray(documents)) return []
  return (documents as Document.Parsed[]).flatMap((document) => {
    const source = new YamlSource(file, document, lines)
    for (const error of document.errors) {
      source.report({ level: 'error', line: lines.linePos(error.pos[0]).line, fault: `is not YAML: ${error.message.replaceAll(/\s+/g, ' ').replace(/\.$/, '')}` })
    }
    return document.contents === null && !source.failed ? [] : [source]
  })
}
