import { isHttpUrl } from '../notify/http-url.ts'
import type { TextRule, YamlField } from './yaml-field.ts'

/** What `metadata` says. */
export interface Metadata {
  readonly name: string
  readonly displayName: string | undefined
  readonly runbookUrl: string | undefined
  /** Annotations by name, without the prefix that they may have: `runbook-url` of `example.com/runbook-url`. */
  readonly annotations: ReadonlyMap<string, YamlField>
}

/** A name as OpenSLO has it: RFC 1123, lower case. */
export const nameRule: TextRule = {
  pattern: /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
  maxLength: 63,
  allowed: 'lower-case letters, digits and "-", up to 63, not "-" at an end',
}
export const displayNameRule: TextRule = { maxLength: 63, allowed: 'text of up to 63 characters' }
const descriptionRule: TextRule = { maxLength: 1050, allowed: 'text of up to 1050 characters' }
const anyText: TextRule = { allowed: 'text' }

/** Reads and checks `metadata`. */
export function readMetadata(metadata: YamlField): Metadata | undefined {
  if (!metadata.isMapOf(['name', 'displayName', 'labels', 'annotations'])) return undefined
  const name = metadata.get('name').text(nameRule)
  const displayName = metadata.get('displayName').optionalText(displayNameRule)
  readLabels(metadata.get('labels'))
  const annotations = readAnnotations(metadata.get('annotations'))
  const runbookUrl = readUrl(annotations.get('runbook-url'))
  return name === undefined ? undefined : { name, displayName, runbookUrl, annotations }
}

/** Checks `spec.description`. */
export function readDescription(spec: YamlField): void {
  spec.get('description').optionalText(descriptionRule)
}

function readLabels(labels: YamlField): void {
  if (!labels.given || !labels.isMapOf(undefined)) return
  for (const key of labels.keys()) {
    const label = labels.get(key)
    if (label.isList) label.items().forEach((item) => item.text(anyText))
    else label.text(anyText)
  }
}

function readAnnotations(annotations: YamlField): ReadonlyMap<string, YamlField> {
  if (!annotations.given || !annotations.isMapOf(undefined)) return new Map()
  const named = annotations.keys().map((key) => [key.slice(key.indexOf('/') + 1), annotations.get(key)] as const)
  return new Map(named.filter(([, annotation]) => annotation.text(anyText) !== undefined))
}

function readUrl(annotation: YamlField | undefined): string | undefined {
  const value = annotation?.peek()
  if (annotation === undefined || value === undefined) return undefined
  return isHttpUrl(value) ? value : annotation.refuse('', 'a URL that starts with https:// or http://')
}
