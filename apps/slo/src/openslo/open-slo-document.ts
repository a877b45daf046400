import { type AlertPolicySpec, type WrittenCondition, type WrittenTarget, readAlertConditionSpec, readAlertPolicySpec, readDataSourceSpec, readNotificationTargetSpec } from './alert-document.ts'
import { type CompositeDocument, readComposite } from './composite-document.ts'
import { type CorrectionDocument, readCorrection } from './correction-document.ts'
import { readIndicatorSpec, type SliDocument } from './indicator-spec.ts'
import { type Metadata, readDescription, readMetadata } from './metadata.ts'
import { readSlo, type SloDocument } from './slo-document.ts'
import { YamlField } from './yaml-field.ts'
import type { YamlSource } from './yaml-source.ts'

/** The kinds of OpenSLO v1, and two of ours: what is left out of objectives, and objectives over objectives. */
export const openSloKinds = ['Service', 'DataSource', 'SLI', 'SLO', 'AlertPolicy', 'AlertCondition', 'AlertNotificationTarget', 'Correction', 'Composite'] as const
export type OpenSloKind = (typeof openSloKinds)[number]

/** A document of a kind that others only refer to. */
export interface NamedDocument {
  readonly kind: 'Service' | 'DataSource'
  readonly metadata: Metadata
}

/** An alert condition, as a document of its own. */
export interface AlertConditionDocument {
  readonly kind: 'AlertCondition'
  readonly metadata: Metadata
  readonly condition: WrittenCondition
}

/** A target, as a document of its own. */
export interface AlertNotificationTargetDocument {
  readonly kind: 'AlertNotificationTarget'
  readonly metadata: Metadata
  readonly target: WrittenTarget
}

/** An alert policy, as a document of its own. */
export interface AlertPolicyDocument extends AlertPolicySpec {
  readonly kind: 'AlertPolicy'
  readonly metadata: Metadata
}

/** One OpenSLO v1 document, checked by itself; `source` takes problems that are found later, when references are resolved. */
export type OpenSloDocument = AnyDocument & { readonly source: YamlSource }
type AnyDocument = NamedDocument | AlertPolicyDocument | AlertConditionDocument | AlertNotificationTargetDocument | SliDocument | SloDocument | CorrectionDocument | CompositeDocument

/** Longest label of a document in a problem, characters. */
const MAX_LABEL_LENGTH = 100

/** Reads one document. What is wrong goes to the source's problems; `undefined` when it cannot be used. */
export function readOpenSlo(source: YamlSource): OpenSloDocument | undefined {
  if (source.failed) return undefined
  const root = YamlField.root(source)
  if (!root.isMapOf(['apiVersion', 'kind', 'metadata', 'spec'])) return undefined
  const label = [root.get('kind').peek(), root.get('metadata').get('name').peek()].filter((part) => part !== undefined).join(' ')
  source.label = label === '' ? undefined : label.slice(0, MAX_LABEL_LENGTH)
  const kind = root.get('kind').choice(openSloKinds)
  root.get('apiVersion').choice([kind === 'Correction' || kind === 'Composite' ? 'ballast/v1' : 'openslo/v1'])
  if (kind === undefined) return undefined
  const metadata = readMetadata(root.get('metadata'))
  const document = readKind(kind, root, metadata)
  return source.failed || document === undefined ? undefined : { ...document, source }
}

function readKind(kind: OpenSloKind, root: YamlField, metadata: Metadata | undefined): AnyDocument | undefined {
  const spec = root.get('spec')
  if (kind !== 'SLO') readDescription(spec)
  switch (kind) {
    case 'SLO':
      return readSlo(root, metadata)
    case 'SLI': {
      const ratio = readIndicatorSpec(spec)
      return ratio && metadata && { kind, metadata, ...ratio }
    }
    case 'AlertPolicy': {
      const policy = readAlertPolicySpec(spec)
      return metadata && { kind, metadata, ...policy }
    }
    case 'AlertCondition': {
      const condition = readAlertConditionSpec(spec, metadata?.annotations)
      return condition && metadata && { kind, metadata, condition }
    }
    case 'AlertNotificationTarget': {
      const target = readNotificationTargetSpec(spec)
      return target && metadata && { kind, metadata, target }
    }
    case 'DataSource':
      readDataSourceSpec(spec)
      return metadata && { kind, metadata }
    case 'Correction':
      return readCorrection(spec, metadata)
    case 'Composite':
      return readComposite(spec, metadata)
    case 'Service':
      if (spec.given) spec.isMapOf(['description'])
      return metadata && { kind, metadata }
  }
}
