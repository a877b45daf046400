import { Cluster, Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { readsMasters } from '../src/redis/tracking-channel.ts'

const sentinel = { sentinels: [{ host: '127.0.0.1', port: 26_379 }], name: 'shop', lazyConnect: true }
const nodes = [{ host: '127.0.0.1', port: 7_000 }]

test.each([
  ['a single Redis', true, new Redis({ lazyConnect: true })],
  ['the master behind a sentinel', true, new Redis(sentinel)],
  ['a replica behind a sentinel', false, new Redis({ ...sentinel, role: 'slave' })],
  ['the masters of a cluster', true, new Cluster(nodes, { lazyConnect: true })],
  ['the replicas of a cluster', false, new Cluster(nodes, { lazyConnect: true, scaleReads: 'slave' })],
  ['all nodes of a cluster', false, new Cluster(nodes, { lazyConnect: true, scaleReads: 'all' })],
])('whether changes can be heard before they are read: %s, %s', (_name, heard, client) => {
  expect(readsMasters(client)).toBe(heard)
  client.disconnect()
})
