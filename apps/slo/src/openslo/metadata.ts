import { isHttpUrl } from '../notify/http-url.ts'
import type { TextRule, YamlField } from './yaml-field.ts'

/** What `metadata` says. */
export interface Metadata {
  readonly name: string
  readonly displayName: string | undefined
  readonly runbookUrl: string | undefined
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
  const runbookUrl = readAnnotations(metadata.get('annotations'))
  return name === undefined ? undefined : { name, displayName, runbookUrl }
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

/** Checks the annotations; gives the runbook's address, from `runbook-url` with or without a prefix (`example.com/runbook-url`). */
function readAnnotations(annotations: YamlField): string | undefined {
  let runbookUrl: string | undefined
  if (!annotations.given || !annotations.isMapOf(undefined)) return undefined
  for (const key of annotations.keys()) {
    const annotation = annotations.get(key)
    const value = annotation.text(anyText)
    if (value === undefined || !/^([^/]+\/)?runbook-url$/.test(key)) continue
    if (isHttpUrl(value)) runbookUrl = value
    else annotation.refuse('', 'a URL that starts with https:// or http://')
  }
  return runbookUrl
}
