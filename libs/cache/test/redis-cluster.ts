import { Redis } from 'ioredis'
import { OwnRedis, until } from './redis-fixture.ts'

const SLOTS = 16_384
/** How long a master must not answer to be given up, in milliseconds. */
const NODE_TIMEOUT_MS = 1_000
const ARGS = ['--cluster-enabled', 'yes', '--cluster-config-file', 'nodes.conf', '--cluster-announce-ip', '127.0.0.1', '--cluster-node-timeout', String(NODE_TIMEOUT_MS), '--cluster-require-full-coverage', 'no']

/** One server of a cluster and a connection to it. */
export interface ClusterNode {
  readonly server: OwnRedis
  readonly client: Redis
  readonly id: string
}

/** A cluster of real servers. The first replica belongs to the first master, and so on. */
export class RedisCluster {
  readonly masters: readonly ClusterNode[]
  readonly replicas: readonly ClusterNode[]

  static async start(masters: number, replicas = 0): Promise<RedisCluster> {
    const nodes = await Promise.all(Array.from({ length: masters + replicas }, () => startNode()))
    const cluster = new RedisCluster(nodes.slice(0, masters), nodes.slice(masters))
    await cluster.#form()
    return cluster
  }

  constructor(masters: readonly ClusterNode[], replicas: readonly ClusterNode[]) {
    this.masters = masters
    this.replicas = replicas
  }

  get #nodes(): readonly ClusterNode[] {
    return [...this.masters, ...this.replicas]
  }

  /** An address to begin with: that of the last master, which no test takes away. */
  get seed(): { readonly host: string; readonly port: number } {
    return { host: '127.0.0.1', port: this.masters.at(-1)!.server.port }
  }

  async slotOf(key: string): Promise<number> {
    return Number(await this.masters.at(-1)!.client.call('CLUSTER', 'KEYSLOT', key))
  }

  /** The master that holds a slot at first. */
  ownerOf(slot: number): ClusterNode {
    return this.masters[Math.min(this.masters.length - 1, Math.floor(slot / Math.ceil(SLOTS / this.masters.length)))]!
  }

  /** Moves a slot with its keys from one master to another, as `redis-cli --cluster reshard` does. @param during - runs while some keys have moved and some have not. */
  async moveSlot(slot: number, from: ClusterNode, to: ClusterNode, during: () => Promise<unknown>): Promise<void> {
    await to.client.call('CLUSTER', 'SETSLOT', String(slot), 'IMPORTING', from.id)
    await from.client.call('CLUSTER', 'SETSLOT', String(slot), 'MIGRATING', to.id)
    for (let first = true; ; first = false) {
      const keys = (await from.client.call('CLUSTER', 'GETKEYSINSLOT', String(slot), '1')) as string[]
      if (keys.length === 0) break
      await from.client.call('MIGRATE', '127.0.0.1', String(to.server.port), '', '0', '5000', 'KEYS', ...keys)
      if (first) await during()
    }
    for (const { client } of [to, from, ...this.masters]) await client.call('CLUSTER', 'SETSLOT', String(slot), 'NODE', to.id)
  }

  async remove(): Promise<void> {
    for (const { client } of this.#nodes) client.disconnect()
    await Promise.all(this.#nodes.map(({ server }) => server.remove()))
  }

  async #form(): Promise<void> {
    const share = Math.ceil(SLOTS / this.masters.length)
    for (const [i, { client }] of this.masters.entries()) await client.call('CLUSTER', 'ADDSLOTSRANGE', String(i * share), String(Math.min(SLOTS, (i + 1) * share) - 1))
    const [first, ...others] = this.#nodes as [ClusterNode, ...ClusterNode[]]
    for (const { server } of others) await first.client.call('CLUSTER', 'MEET', '127.0.0.1', String(server.port))
    for (const { client } of this.#nodes) await until('the cluster is known', async () => new RegExp(`cluster_known_nodes:${this.#nodes.length}`).test(String(await client.call('CLUSTER', 'INFO'))))
    for (const [i, { client }] of this.replicas.entries()) {
      await client.call('CLUSTER', 'REPLICATE', this.masters[i]!.id)
      await until('the replica follows', async () => /master_link_status:up/.test(await client.info('replication')))
    }
    for (const { client } of this.#nodes) await until('the cluster is up', async () => /cluster_state:ok[\s\S]*cluster_slots_ok:16384/.test(String(await client.call('CLUSTER', 'INFO'))))
  }
}

async function startNode(): Promise<ClusterNode> {
  const server = await OwnRedis.start(ARGS)
  const client = new Redis(server.url)
  client.on('error', () => {})
  return { server, client, id: String(await client.call('CLUSTER', 'MYID')) }
}
