import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { decimalText } from '../src/burn/fraction.ts'
import { ObjectiveFolder } from '../src/openslo/objective-folder.ts'
import type { ObjectiveSet } from '../src/openslo/objective-set.ts'
import { shippedCatalog } from './objectives.ts'

let dir: string
let time = 1_700_000_000

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ballast-slo-'))
})

afterEach(async () => {
  await rm(dir, { recursive: true, force: true })
})

const slo = (name: string, target: string): string => `apiVersion: openslo/v1
kind: SLO
metadata: {name: ${name}}
spec:
  service: shop
  indicator: {spec: {ratioMetric: {good: {metricSource: {spec: {template: spans, statusNot: Error}}}, total: {metricSource: {spec: {template: spans, service: shop}}}}}}
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: ${target}}]
---
apiVersion: openslo/v1
kind: Service
metadata: {name: ${name === 'first' ? 'shop' : name}}
`

/** Writes a file with a time of its own, so that a change shows whatever the file system's resolution is. */
async function write(name: string, text: string): Promise<void> {
  await writeFile(join(dir, name), text)
  time += 10
  await utimes(join(dir, name), time, time)
}

const targets = ({ objectives }: ObjectiveSet): Record<string, string> => Object.fromEntries(objectives.map(({ name, target }) => [name, decimalText(target)]))

test('a changed file is read again, and nothing is read again while no file changes', async () => {
  await write('first.yaml', slo('first', '0.99'))
  const folder = new ObjectiveFolder(dir, shippedCatalog)
  const before = await folder.read()
  expect(targets(before)).toEqual({ first: '0.99' })
  expect(await folder.read()).toBe(before)
  await write('first.yaml', slo('first', '0.995'))
  await write('second.yml', slo('second', '0.9'))
  await write('notes.txt', 'not an objective')
  expect(targets(await folder.read())).toEqual({ first: '0.995', second: '0.9' })
  await rm(join(dir, 'first.yaml'))
  expect(targets(await folder.read())).toEqual({ second: '0.9' })
})

test('a file that breaks keeps its last good version, and mending it takes effect', async () => {
  await write('first.yaml', slo('first', '0.99'))
  await write('second.yaml', slo('second', '0.99'))
  const folder = new ObjectiveFolder(dir, shippedCatalog)
  expect((await folder.read()).problems).toEqual([])
  await write('first.yaml', slo('first', '1.99'))
  await write('second.yaml', slo('second', '0.95'))
  const broken = await folder.read()
  expect(targets(broken)).toEqual({ first: '0.99', second: '0.95' })
  expect(broken.problems).toMatchObject([{ level: 'error', file: 'first.yaml', line: 9, value: '1.99' }])
  await write('first.yaml', 'kind: [')
  expect(targets(await folder.read())).toEqual({ first: '0.99', second: '0.95' })
  await write('first.yaml', slo('first', '0.999'))
  const mended = await folder.read()
  expect(targets(mended)).toEqual({ first: '0.999', second: '0.95' })
  expect(mended.problems).toEqual([])
})

test('a folder that is gone is a problem, and deletes no objective', async () => {
  await write('first.yaml', slo('first', '0.99'))
  const folder = new ObjectiveFolder(dir, shippedCatalog)
  await folder.read()
  await rm(dir, { recursive: true })
  const gone = await folder.read()
  expect(targets(gone)).toEqual({ first: '0.99' })
  expect(gone.problems).toMatchObject([{ level: 'error', file: dir, message: expect.stringContaining('set SLO_DIR') }])
})

test('a file that is too large is a problem, not an objective', async () => {
  await write('large.yaml', `# ${'x'.repeat(1024 * 1024)}\n${slo('first', '0.99')}`)
  const { objectives, problems } = await new ObjectiveFolder(dir, shippedCatalog).read()
  expect(objectives).toEqual([])
  expect(problems).toMatchObject([{ level: 'error', file: 'large.yaml', message: expect.stringContaining('split it') }])
})

test('folders in the folder are read as well, but no hidden ones: a mounted ConfigMap has its files twice', async () => {
  await mkdir(join(dir, 'shop', 'checkout'), { recursive: true })
  await mkdir(join(dir, '..2026_11_21'))
  await write('..2026_11_21/first.yaml', slo('first', '0.99'))
  await symlink('..2026_11_21', join(dir, '..data'))
  await symlink('..data/first.yaml', join(dir, 'first.yaml'))
  await write('shop/checkout/second.yaml', slo('second', '0.98').replace('service: shop\n', 'service: second\n'))
  const folder = new ObjectiveFolder(dir, shippedCatalog)
  const set = await folder.read()
  expect([targets(set), set.problems]).toEqual([{ first: '0.99', second: '0.98' }, []])
  await write('shop/checkout/second.yaml', 'kind: [')
  const broken = await folder.read()
  expect(targets(broken)).toEqual({ first: '0.99', second: '0.98' })
  expect(broken.problems[0]!.file).toBe('shop/checkout/second.yaml')
})
