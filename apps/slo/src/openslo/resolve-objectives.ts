import { complement } from '../burn/fraction.ts'
import { tiersFor } from '../burn/tier.ts'
import type { TierCatalog } from '../burn/tier-catalog.ts'
import { type Indicator, isRowIndicator } from '../measure/indicator.ts'
import type { Objective } from '../objective/objective.ts'
import type { AlertPolicySpec, WrittenTarget } from './alert-document.ts'
import { type AlertPolicy, type Alerts, alertsOf, checkTargets, joinedPolicy } from './alert-policy.ts'
import { slicesFit } from './budgeting-method.ts'
import { compositeObjective, unionObjective } from './composite-document.ts'
import { canGroup } from '../objective/grouping.ts'
import type { IndicatorSpec } from './indicator-spec.ts'
import type { OpenSloDocument, OpenSloKind } from './open-slo-document.ts'
import { readThreshold, refuseThreshold, type SloDocument } from './slo-document.ts'
import type { Reference } from './reference.ts'
import { isWeighted, partAlerts, weightedObjective } from './weighted-objective.ts'
import type { YamlField } from './yaml-field.ts'

type DocumentOf<K extends OpenSloKind> = Extract<OpenSloDocument, { readonly kind: K }>

/**
 * Joins documents by their references and scales the tiers: the objectives that are evaluated.
 * What does not fit is reported to the document it stands in; that document is left out, the others are not.
 *
 * @param receivers - names of the targets that alerts can go to; absent where nobody knows them.
 */
export function resolveObjectives(documents: readonly OpenSloDocument[], catalog: TierCatalog, receivers?: readonly string[]): Objective[] {
  const byName = indexed(documents)
  const find = <K extends OpenSloKind>(kind: K, { name, field }: Reference): DocumentOf<K> | undefined => {
    const found = byName.get(`${kind} ${name}`)
    if (found !== undefined) return found as DocumentOf<K>
    const names = [...byName.values()].filter((document) => document.kind === kind).map(({ metadata }) => metadata.name)
    return field.refuse(`names no ${kind}`, names.length === 0 ? `the name of a ${kind}, of which there are none` : names.join(', '))
  }
  const policies = new Map<AlertPolicySpec, AlertPolicy>()
  // Once for each, however many SLOs refer to it: what is wrong with it is one problem.
  const joined = (spec: AlertPolicySpec): AlertPolicy => {
    const known = policies.get(spec) ?? joinedPolicy(spec, { condition: (reference) => find('AlertCondition', reference)?.condition, target: (reference) => find('AlertNotificationTarget', reference)?.target })
    policies.set(spec, known)
    return known
  }
  if (receivers !== undefined) checkTargets(documents.flatMap(writtenTargets), receivers)
  const objectives: Objective[] = []
  const weighted: { readonly slo: SloDocument; readonly alerts: Alerts }[] = []
  // Services need not be declared; but where some are, one that is not is a typing mistake.
  const declaresServices = documents.some(({ kind }) => kind === 'Service')
  for (const document of byName.values()) {
    if (document.kind === 'AlertPolicy') {
      joined(document)
    } else if (document.kind === 'SLI') {
      for (const dataSource of document.dataSources) find('DataSource', dataSource)
    } else if (document.kind === 'SLO') {
      const slo = document
      if (declaresServices && !byName.has(`Service ${slo.service.name}`)) slo.service.field.warn('names no Service')
      const ownPolicies = slo.alertPolicies.flatMap((policy) => {
        const spec = 'name' in policy ? find('AlertPolicy', policy) : policy
        return spec === undefined ? [] : [joined(spec)]
      })
      const indicatorOf = (spec: IndicatorSpec | Reference): IndicatorSpec | undefined => {
        if (!('indicator' in spec)) return find('SLI', spec)
        for (const dataSource of spec.dataSources) find('DataSource', dataSource)
        return spec
      }
      const shared = slo.indicator && indicatorOf(slo.indicator)
      const indicators = slo.objectives.map(({ indicator }) => (indicator === undefined ? shared : indicatorOf(indicator)))
      const alerts = alertsOf(ownPolicies, catalog)
      if (slo.source.failed) continue
      const found = objectivesOf(slo, indicators, isWeighted(slo) ? partAlerts : alerts, catalog)
      objectives.push(...found)
      if (isWeighted(slo) && found.length === slo.objectives.length) weighted.push({ slo, alerts })
    }
  }
  const composites = [...byName.values()].filter((document) => document.kind === 'Composite')
  for (const { metadata, field } of composites) if (objectives.some(({ name, slo }) => name === metadata.name || slo === metadata.name)) field.refuse('has the name of an SLO', 'another name')
  const named = composites.filter(({ source }) => !source.failed)
  // A union is measured itself, so that things can be left out of it; the others are made of what their parts have.
  const unions = named.flatMap((document) => (document.combination === 'union' ? (unionObjective(document, objectives, catalog) ?? []) : []))
  const corrected = withCorrections([...objectives, ...unions], [...byName.values()].filter((document) => document.kind === 'Correction'))
  const wholes = named.flatMap((document) => (document.combination === 'union' ? [] : (compositeObjective(document, corrected, catalog) ?? [])))
  const byWeight = weighted.map(({ slo, alerts }) => weightedObjective(slo, corrected.filter((part) => part.slo === slo.metadata.name), alerts, catalog))
  return [...corrected, ...byWeight, ...wholes]
}

/** The targets that a document writes down itself. */
function writtenTargets(document: OpenSloDocument): WrittenTarget[] {
  if (document.kind === 'AlertNotificationTarget') return [document.target]
  const policies = document.kind === 'AlertPolicy' ? [document] : document.kind === 'SLO' ? document.alertPolicies.flatMap((policy) => ('name' in policy ? [] : policy)) : []
  return policies.flatMap(({ targets }) => targets).flatMap((target) => ('name' in target ? [] : target))
}

/** Gives objectives what is to be left out of them. */
function withCorrections(objectives: readonly Objective[], documents: readonly DocumentOf<'Correction'>[]): Objective[] {
  const isFor = ({ name, slo }: Objective, wanted: string): boolean => name === wanted || slo === wanted
  for (const { slos } of documents) {
    for (const { name, field } of slos) if (!objectives.some((objective) => isFor(objective, name))) field.refuse('names no SLO that is in effect', objectives.map((objective) => objective.name).join(', ') || 'the name of an SLO, of which there are none')
  }
  return objectives.map((objective) => {
    const corrections = documents.filter(({ slos }) => slos.some(({ name }) => isFor(objective, name)))
    for (const { correction, slos } of corrections) {
      if (correction.rows !== undefined && (!isRowIndicator(objective.indicator) || objective.budgeting.method !== 'Occurrences')) slos[0]!.field.refuse(`is for ${objective.name}, of which no rows can be left out: it does not count them one by one`, 'a correction without rows')
    }
    return { ...objective, corrections: corrections.filter(({ source }) => !source.failed).map(({ correction }) => correction) }
  })
}

/** Documents by kind and name; the second of the same name is refused. */
function indexed(documents: readonly OpenSloDocument[]): Map<string, OpenSloDocument> {
  const byName = new Map<string, OpenSloDocument>()
  for (const document of documents) {
    const key = `${document.kind} ${document.metadata.name}`
    const first = byName.get(key)
    if (first === undefined) {
      byName.set(key, document)
      continue
    }
    const fault = `is taken by another ${document.kind} in ${first.source.file}; give it another name`
    document.source.report({ level: 'error', field: 'metadata.name', value: document.metadata.name, fault })
  }
  return byName
}

function objectivesOf(slo: DocumentOf<'SLO'>, indicators: readonly (IndicatorSpec | undefined)[], alerts: Alerts, catalog: TierCatalog): Objective[] {
  return slo.objectives.flatMap(({ displayName, target, budgeting, field }, index) => {
    const spec = indicators[index]
    const indicator = spec && indicatorFor(spec, field)
    if (indicator === undefined || (budgeting.method !== 'Occurrences' && !slicesFit(budgeting.sliceMs, catalog.bucket, field.get('timeSliceWindow')))) return []
    const { grouping } = slo.annotations
    if (grouping !== undefined && !canGroup(indicator, grouping.by)) return slo.metadata.annotations.get('group-by')!.refuse('tells no rows of this indicator apart: it counts no rows, or those of one group', 'tenant, operation, attributes.NAME') ?? []
    const budget = complement(target)
    const { tiers, refusals, warnings } = tiersFor(catalog, { budget, period: slo.period, ...alerts })
    // A refused tier takes nothing else with it: the objective is still evaluated by the others.
    for (const refusal of refusals) field.warn(`has a target and period with which ${refusal}`)
    for (const warning of warnings) field.warn(`has a period with which ${warning}`)
    return {
      name: slo.objectives.length === 1 ? slo.metadata.name : `${slo.metadata.name}.${index + 1}`,
      slo: slo.metadata.name,
      service: slo.service.name,
      displayName: displayName ?? slo.metadata.displayName,
      target,
      budget,
      period: slo.period,
      indicator,
      budgeting,
      ...slo.annotations,
      tiers,
      corrections: [],
      revisions: [],
      ...alerts,
      runbookUrl: slo.metadata.runbookUrl,
    }
  })
}

/** The indicator of one objective: where values are compared, the objective says with what. */
function indicatorFor({ indicator, needsThreshold }: IndicatorSpec, field: YamlField): Indicator | undefined {
  if (!needsThreshold || indicator.template !== 'sql') {
    refuseThreshold(field)
    return indicator
  }
  const threshold = readThreshold(field)
  return threshold && { ...indicator, form: { kind: 'threshold', threshold } }
}
