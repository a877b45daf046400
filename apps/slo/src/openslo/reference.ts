import type { YamlField } from './yaml-field.ts'

/** A name of another document, and where it was written. */
export interface Reference {
  readonly name: string
  readonly field: YamlField
}
