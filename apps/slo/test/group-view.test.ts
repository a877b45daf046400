import { expect, test } from 'vitest'
import { groupViews } from '../src/http/group-view.ts'
import { objectiveViews } from '../src/http/objective-view.ts'
import type { Objective } from '../src/objective/objective.ts'
import { evaluation } from './alert-fakes.ts'
import { objective } from './objectives.ts'

test('groups are listed with the most bad events first, each with its share of the bad events of all groups', () => {
  const of = (value: string): Objective => ({ ...objective({ name: `checkout@${value}` }), group: { of: 'checkout', value } })
  const counts = { checkout: { good: 900, total: 1000 }, 'checkout@acme': { good: 90, total: 100 }, 'checkout@bolt': { good: 270, total: 300 }, 'checkout@cask': { good: 5, total: 5 } }
  const objectives = [objective(), of('acme'), of('bolt'), of('cask')]
  const state = { set: { objectives, problems: [], goodFiles: new Set<string>() }, evaluations: objectives.map((each) => evaluation(each, counts[each.name as keyof typeof counts])), watermarkMs: 0, measuredAtMs: 0, failure: undefined, ticks: { measured: 1, failed: 0 }, lastTickMs: 0 }
  const views = objectiveViews(state, { open: () => [] })
  expect(groupViews(objectives, views, 'checkout').map(({ group, bad, share }) => [group, bad, share])).toEqual([['bolt', 30, 0.75], ['acme', 10, 0.25], ['cask', 0, 0]])
  expect(groupViews(objectives, views, 'checkout@acme')).toEqual([])
})
