import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from '../harness/ballast.ts'
import { readText, readYaml } from './files.ts'

interface Resource {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec?: Record<string, unknown>
}

interface Container {
  readonly name: string
  readonly image: string
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[]
  readonly env?: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string } } }[]
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[]
  readonly securityContext: { readonly allowPrivilegeEscalation: boolean; readonly readOnlyRootFilesystem: boolean; readonly capabilities: { readonly drop: readonly string[] } }
  readonly resources: { readonly limits: Readonly<Record<string, string>>; readonly requests: Readonly<Record<string, string>> }
  readonly livenessProbe?: object
  readonly readinessProbe?: object
  readonly startupProbe?: object
}

interface PodTemplate {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> }
  readonly spec: {
    readonly containers: readonly Container[]
    readonly securityContext: { readonly runAsNonRoot: boolean; readonly runAsUser: number; readonly seccompProfile: { readonly type: string } }
    readonly automountServiceAccountToken: boolean
    readonly volumes?: readonly Volume[]
  }
}

interface Volume {
  readonly name: string
  readonly secret?: { readonly secretName: string }
  readonly configMap?: { readonly name: string }
  readonly projected?: { readonly sources: readonly { readonly configMap?: { readonly name: string }; readonly secret?: { readonly name: string } }[] }
}

interface Kustomization {
  readonly resources: readonly string[]
  readonly configMapGenerator: readonly { readonly name: string; readonly files: readonly string[] }[]
  readonly images: readonly { readonly name: string }[]
}

const kustomization = readYaml('infra/kustomization.yaml')[0] as Kustomization
const resources = kustomization.resources.flatMap((path) => readYaml(`infra/${path}`) as Resource[])
const named = resources.map((resource) => [`${resource.kind} ${resource.metadata.name}`, resource] as const)
const workloads = named.filter(([, { kind }]) => ['Deployment', 'StatefulSet', 'Job'].includes(kind)).map(([name, resource]) => [name, resource, resource.spec!['template'] as PodTemplate] as const)

/** A class of kubernetes-models: made from the published OpenAPI of Kubernetes. */
type Model = new (data: object) => { validate(): void }

async function modelOf(resource: Resource): Promise<Model> {
  const models = (await import(`${packageOf(resource)}/${resource.apiVersion}`)) as Record<string, Model>
  return models[resource.kind]!
}

function packageOf({ apiVersion }: Resource): string {
  return apiVersion.startsWith('monitoring.coreos.com') ? '@kubernetes-models/prometheus-operator' : 'kubernetes-models'
}

/** What the compiler says about resources written as literals of the types made from the same schemas; nothing when every field is known. */
function unknownFields(all: readonly Resource[]): string {
  const dir = join(root, 'node_modules', '.cache', `ballast-kubernetes-${process.pid}`)
  mkdirSync(dir, { recursive: true })
  try {
    const lines = all.map((resource, index) => `import type { I${resource.kind} as I${index} } from '${packageOf(resource)}/${resource.apiVersion}'\nexport const r${index}: I${index} = ${JSON.stringify(resource, null, 1)}\n`)
    writeFileSync(join(dir, 'resources.ts'), lines.join('\n'))
    const { stdout } = spawnSync('tsc', ['--noEmit', '--ignoreConfig', '--strict', '--skipLibCheck', '--types', '', '--module', 'nodenext', '--target', 'es2024', 'resources.ts'], { cwd: dir, encoding: 'utf8', env: { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env['PATH']}` } })
    return stdout
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

test.each(named)('%s is what the published schema of Kubernetes asks for', async (_name, resource) => {
  const model = new (await modelOf(resource))(resource)
  expect(() => model.validate()).not.toThrow()
})

test('a field of the wrong type is found', async () => {
  const [, deployment] = named.find(([name]) => name === 'StatefulSet ingest')!
  const Deployment = await modelOf(deployment)
  const wrong = { ...deployment, spec: { ...deployment.spec, minReadySeconds: 'many' } }
  expect(() => new Deployment(wrong).validate()).toThrow(/minReadySeconds/)
})

describe('a field that Kubernetes does not know, and would drop in silence', () => {
  test('is not in any resource', () => {
    expect(unknownFields(resources)).toBe('')
  })

  test('would be found', () => {
    const [, deployment] = named.find(([name]) => name === 'StatefulSet ingest')!
    expect(unknownFields([{ ...deployment, spec: { ...deployment.spec, replicass: 3 } }])).toContain('replicass')
  })
})

describe.each(workloads)('%s', (_name, resource, template) => {
  test('runs restricted: not root, no privileges, nothing to write to', () => {
    expect(template.spec.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } })
    expect(template.spec.securityContext.runAsUser).toBeGreaterThan(0)
    expect(template.spec.automountServiceAccountToken).toBe(false)
    for (const container of template.spec.containers) expect(container.securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } })
  })

  test('has probes and bounds', () => {
    for (const { resources: bounds, livenessProbe, readinessProbe, startupProbe } of template.spec.containers) {
      expect(Object.keys(bounds.limits)).toEqual(['memory'])
      expect(Object.keys(bounds.requests)).toEqual(['cpu', 'memory'])
      // A Job is well when it has ended well.
      expect([livenessProbe, readinessProbe, startupProbe].every((probe) => (probe === undefined) === (resource.kind === 'Job'))).toBe(true)
    }
  })

  test('mounts what is there: volumes, generated ConfigMaps, Secrets that the README names', () => {
    const volumes = template.spec.volumes ?? []
    const claims = ((resource.spec!['volumeClaimTemplates'] ?? []) as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name)
    for (const container of template.spec.containers) for (const mount of container.volumeMounts ?? []) expect([...volumes.map(({ name }) => name), ...claims]).toContain(mount.name)
    const sources = volumes.flatMap((volume) => [{ configMap: volume.configMap, secret: volume.secret && { name: volume.secret.secretName } }, ...(volume.projected?.sources ?? [])])
    for (const name of sources.flatMap(({ configMap }) => configMap?.name ?? [])) expect(kustomization.configMapGenerator.map((each) => each.name)).toContain(name)
    const secrets = [...sources.flatMap(({ secret }) => secret?.name ?? []), ...template.spec.containers.flatMap(({ env = [] }) => env.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef?.name ?? []))]
    for (const name of secrets) expect(readText('infra/kubernetes/README.md')).toContain(`| \`${name}\` |`)
  })

  test('has a disruption budget and an image that is pinned', () => {
    const budgets = named.filter(([, { kind }]) => kind === 'PodDisruptionBudget').map(([, { spec }]) => (spec!['selector'] as { matchLabels: Record<string, string> }).matchLabels)
    const { labels } = template.metadata
    expect(budgets.some((match) => Object.entries(match).every(([key, value]) => labels[key] === value))).toBe(resource.kind !== 'Job')
    const ours = kustomization.images.map(({ name }) => name)
    expect(template.spec.containers.filter(({ image }) => !/:v?\d+\.\d+/.test(image) && !ours.includes(image))).toEqual([])
  })
})

/** The labels that a resource looks for, of pods or, for a monitor, of a service. */
function selectorOf({ kind, spec = {} }: Resource): Readonly<Record<string, string>> | undefined {
  const labels = (field: string): Readonly<Record<string, string>> => (spec[field] as { matchLabels?: Record<string, string> }).matchLabels ?? {}
  if (kind === 'Service') return spec['selector'] as Record<string, string>
  if (kind === 'PodDisruptionBudget' || kind === 'ServiceMonitor') return labels('selector')
  return kind === 'NetworkPolicy' ? labels('podSelector') : undefined
}

test('every service, budget, policy and monitor selects something that is there', () => {
  const pods = workloads.map(([, , template]) => template.metadata.labels)
  const services = named.filter(([, { kind }]) => kind === 'Service').map(([, { metadata }]) => (metadata as unknown as { labels: Record<string, string> }).labels)
  const lost = named.filter(([, resource]) => {
    const selector = selectorOf(resource)
    return selector !== undefined && !(resource.kind === 'ServiceMonitor' ? services : pods).some((labels) => Object.entries(selector).every(([key, value]) => labels[key] === value))
  })
  expect(named.filter(([, resource]) => selectorOf(resource) !== undefined).length).toBeGreaterThan(20)
  expect(lost.map(([name]) => name)).toEqual([])
})

test('every monitor reads a port that its service has, and the autoscaler scales what is there', () => {
  const missing = named.filter(([, { kind }]) => kind === 'ServiceMonitor').flatMap(([name, monitor]) => {
    const { app } = selectorOf(monitor)!
    const service = named.find(([, each]) => each.kind === 'Service' && (each.metadata as unknown as { labels: { app: string } }).labels.app === app)?.[1]
    const ports = ((service?.spec?.['ports'] ?? []) as { name: string }[]).map((port) => port.name)
    return (monitor.spec!['endpoints'] as { port: string }[]).filter(({ port }) => !ports.includes(port)).map(({ port }) => `${name}: ${port}`)
  })
  expect(missing).toEqual([])
  const { kind, name } = named.find(([each]) => each === 'HorizontalPodAutoscaler ingest')![1].spec!['scaleTargetRef'] as { kind: string; name: string }
  expect(named.map(([each]) => each)).toContain(`${kind} ${name}`)
})

test('every file of the kustomization is there, and the autoscaler counts a metric that ingest has', () => {
  for (const { files } of kustomization.configMapGenerator) for (const file of files) expect(readText(`infra/${file.split('=').at(-1)}`).length).toBeGreaterThan(0)
  const hpa = named.find(([name]) => name === 'HorizontalPodAutoscaler ingest')![1]
  const [{ pods }] = hpa.spec!['metrics'] as [{ pods: { metric: { name: string } } }]
  expect(readText('apps/ingest/src/counters.ts')).toContain(`'${pods.metric.name}'`)
})

test('the rules of the Operator are those of Prometheus (node --conditions=@ballast/source scripts/prometheus-rule.ts)', () => {
  const groups = ['prometheus/recording', 'alerts/platform'].flatMap((file) => (readYaml(`infra/${file}.rules.yml`)[0] as { groups: unknown[] }).groups)
  expect(named.find(([name]) => name === 'PrometheusRule ballast')![1].spec).toEqual({ groups })
})

const hasKubectl = spawnSync('kubectl', ['version', '--client'], { stdio: 'ignore' }).status === 0
test.skipIf(!hasKubectl)('kustomize builds it (skipped where there is no kubectl)', () => {
  const built = execFileSync('kubectl', ['kustomize', 'infra'], { cwd: root, encoding: 'utf8' })
  expect(built.match(/^kind: /gm)).toHaveLength(resources.length + kustomization.configMapGenerator.length)
  expect(built).not.toMatch(/image: ballast-/)
})
