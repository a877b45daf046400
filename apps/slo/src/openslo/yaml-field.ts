import { isAlias, isMap, isScalar, isSeq, type Scalar } from 'yaml'
import { closestName } from './closest-name.ts'
import type { YamlSource } from './yaml-source.ts'

/** What a text may be. */
export interface TextRule {
  readonly pattern?: RegExp
  readonly maxLength?: number
  /** What the pattern means, for a person. */
  readonly allowed: string
}

/** A place in a document: read with a rule, it gives the value, or reports what is wrong and gives `undefined`. */
export class YamlField {
  readonly path: string
  readonly #source: YamlSource
  readonly #node: unknown
  readonly #line: number | undefined

  private constructor(source: YamlSource, node: unknown, path: string, parentLine: number | undefined) {
    this.#source = source
    this.#node = isAlias(node) ? node.resolve(source.document) : node
    this.path = path
    this.#line = source.lineOf(node) ?? parentLine
  }

  static root(source: YamlSource): YamlField {
    return new YamlField(source, source.root, '', 1)
  }

  /** Whether something was written here; `null` counts as nothing. */
  get given(): boolean {
    return this.#node !== undefined && this.#node !== null && !(isScalar(this.#node) && this.#node.value === null)
  }

  /** Whether a list was written here. */
  get isList(): boolean {
    return isSeq(this.#node)
  }

  get line(): number | undefined {
    return this.#line
  }

  /** Reports that this field is wrong. */
  refuse(fault: string, allowed?: string): undefined {
    return this.#report('error', fault, allowed)
  }

  /** Reports that something should be here and is not. */
  miss(allowed?: string, fault = 'is missing'): undefined {
    return this.#report('error', fault, allowed, { missing: true })
  }

  /** Reports that this field deserves a look. */
  warn(fault: string): undefined {
    return this.#report('warning', fault)
  }

  /** A field of this map; it need not be there. */
  get(key: string): YamlField {
    const node = isMap(this.#node) ? this.#node.get(key, true) : undefined
    return new YamlField(this.#source, node, this.path === '' ? key : `${this.path}.${key}`, this.#line)
  }

  /** Says that this must be a map with no other keys than these; `false` when it is not a map. */
  isMapOf(keys: readonly string[] | undefined): boolean {
    if (!this.given) return this.miss(keys === undefined ? 'a map' : `a map of ${keys.join(', ')}`) ?? false
    if (!isMap(this.#node)) return this.refuse('is not a map', keys === undefined ? 'a map' : `a map of ${keys.join(', ')}`) ?? false
    for (const key of keys === undefined ? [] : this.keys()) {
      if (keys!.includes(key)) continue
      const meant = closestName(key, keys!)
      this.get(key).#report('error', `is not a known field${meant === undefined ? '' : ` (did you mean ${meant}?)`}`, keys!.join(', '), { showValue: false })
    }
    return true
  }

  /** The keys of this map. */
  keys(): string[] {
    return isMap(this.#node) ? this.#node.items.map(({ key }) => String(isScalar(key) ? key.value : key)) : []
  }

  /** The entries of this list; reports when it is not one, or has fewer or more than allowed. */
  items(count: { readonly min: number; readonly max?: number } = { min: 0 }): YamlField[] {
    const { min, max = 1000 } = count
    const allowed = min === max ? `a list of exactly ${min}` : `a list of ${min} to ${max}`
    if (!this.given && min === 0) return []
    if (!isSeq(this.#node)) {
      if (this.given) this.refuse('is not a list', allowed)
      else this.miss(allowed)
      return []
    }
    const nodes = this.#node.items
    if (nodes.length < min || nodes.length > max) {
      this.refuse(`has ${nodes.length} entries`, allowed)
      return []
    }
    return nodes.map((node, index) => new YamlField(this.#source, node, `${this.path}[${index}]`, this.#line))
  }

  /** The text that is here, whatever it is, without a word if there is none. */
  peek(): string | undefined {
    const value = this.#scalar()?.value
    return typeof value === 'string' && value !== '' ? value : undefined
  }

  /** Text that must be here. */
  text(rule: TextRule): string | undefined {
    return this.given ? this.optionalText(rule) : this.miss(rule.allowed)
  }

  /** Text that may be here. */
  optionalText(rule: TextRule): string | undefined {
    if (!this.given) return undefined
    const { value } = this.#scalar() ?? {}
    if (typeof value !== 'string') return this.refuse('is not text', rule.allowed)
    if (value === '' || value.length > (rule.maxLength ?? 1000) || rule.pattern?.test(value) === false) return this.refuse('', rule.allowed)
    return value
  }

  /** One of a list of words, which must be here. */
  choice<const T extends string>(values: readonly T[]): T | undefined {
    return this.given ? this.optionalChoice(values) : this.miss(values.join(', '))
  }

  /** One of a list of words, if anything. */
  optionalChoice<const T extends string>(values: readonly T[]): T | undefined {
    if (!this.given) return undefined
    const found = values.find((value) => value === this.#scalar()?.value)
    return found ?? this.refuse('', values.join(', '))
  }

  /** `true` or `false`, if anything. */
  optionalFlag(): boolean | undefined {
    if (!this.given) return undefined
    const value = this.#scalar()?.value
    return typeof value === 'boolean' ? value : this.refuse('', 'true, false')
  }

  /** The digits of a number as they are written, so that 99.95 stays 99.95. */
  digits(): string | undefined {
    const scalar = this.#scalar()
    return typeof scalar?.value === 'number' || typeof scalar?.value === 'bigint' ? scalar.source : undefined
  }

  #scalar(): Scalar | undefined {
    return isScalar(this.#node) ? this.#node : undefined
  }

  #report(level: 'error' | 'warning', fault: string, allowed?: string, how: { readonly showValue?: false; readonly missing?: true } = {}): undefined {
    const scalar = how.showValue === false ? undefined : this.#scalar()
    const value = scalar === undefined || scalar.value === null ? undefined : (scalar.source ?? JSON.stringify(scalar.value))
    const found = {
      level,
      ...(this.#line === undefined ? {} : { line: this.#line }),
      ...(this.path === '' ? {} : { field: this.path }),
      ...(value === undefined ? {} : { value }),
      ...(allowed === undefined ? {} : { allowed }),
      fault: fault === '' && value === undefined ? 'is not allowed' : fault,
    }
    if (how.missing === true) this.#source.reportMissing(found)
    else this.#source.report(found)
    return undefined
  }
}
