import type { BoardSpec } from '../kit/board.ts'
import { linkTo } from '../kit/links.ts'
import { counterRows, gaugeRows, gaugesBy, LATEST, rates, ratesBy } from '../kit/metric-sql.ts'
import { chart, stat, timeline } from '../kit/panels.ts'
import { BUCKET, ratio, rollUpRows, STEP } from '../kit/sql.ts'
import { tableNames } from '@ballast/clickhouse'

const PROCESS = `concat(ServiceName, ' ', Instance)`
const latest = (metric: string): string => `SELECT ${LATEST} AS value FROM ${gaugeRows({ metric })}`
const keyspace = { metric: ['redis.keyspace.hits', 'redis.keyspace.misses'] }
const perCommand = counterRows({ metric: ['redis.cmd.calls', 'redis.cmd.usec'] })
const command = `Attributes['cmd']`
const topCommands = `if(${command} IN (SELECT ${command} FROM ${perCommand} WHERE MetricName = 'redis.cmd.calls' GROUP BY ${command} ORDER BY sum(Increase) DESC LIMIT 7), ${command}, 'other')`
const reachable = rollUpRows('metrics', 'ServiceName, Instance, Time, Lowest', `MetricName = 'cache.redis.reachable'`)

/** Is Redis the bottleneck? */
export const cacheRedis: BoardSpec = {
  uid: 'ballast-cache-redis',
  title: 'Cache: Redis',
  question: 'Is Redis the bottleneck?',
  dataPath: `The Collector's \`redis\` receiver, and what the caches themselves see of Redis, from \`${tableNames.metricsMinute}\` and \`${tableNames.metricsHour}\`. Without a Collector only the second is there.`,
  owner: 'libs/cache/README.md',
  runbook: 'cache',
  class: 'operations',
  variables: [],
  verdict: [
    stat({ title: 'Memory used', description: 'Memory of the data set. Near maxmemory keys are evicted; see below.', unit: 'bytes', width: 4, sql: latest('redis.memory.used') }),
    stat({ title: 'Fragmentation', description: 'Resident memory by used memory. Above 1.5 for long: activedefrag, or a restart.', unit: 'none', width: 4, limits: { warning: 1.5, bad: 3 }, sql: latest('redis.memory.fragmentation_ratio') }),
    stat({ title: 'Hits in Redis', description: 'Share of look-ups that found a key, of all clients.', unit: 'percentunit', width: 4, limits: { warning: 0.8, bad: 0.5, lowIsBad: true }, sql: `SELECT ${ratio(`sumIf(Increase, MetricName = 'redis.keyspace.hits')`, 'sum(Increase)')} AS value FROM ${counterRows(keyspace)}` }),
    stat({ title: 'Blocked clients', description: 'Clients that wait in a blocking command.', unit: 'short', width: 4, limits: { warning: 10, bad: 100 }, sql: latest('redis.clients.blocked') }),
    stat({ title: 'Errors seen by caches', description: 'Commands that failed or timed out, as the caches count them. The breaker opens when they go on.', unit: 'short', width: 4, limits: { warning: 1, bad: 100 }, sql: `SELECT sum(Increase) AS value FROM ${counterRows({ metric: 'cache.redis.errors' })}` }),
    stat({ title: 'Processes without Redis', description: 'Processes whose breaker is open now: they serve from the local tier and load from the source.', unit: 'short', width: 4, limits: { bad: 1 }, sql: `SELECT countIf(reachable < 1) AS value FROM (SELECT Instance, ${LATEST} AS reachable FROM ${gaugeRows({ metric: 'cache.redis.reachable' })} WHERE Time > $__toTime - INTERVAL 10 MINUTE GROUP BY Instance)` }),
  ],
  lines: [
    [
      timeline({ title: 'Redis reachable, by process', description: 'Green while the cache of a process asks Redis; red while its breaker is open.', unit: 'none', width: 12, limits: { bad: 1, lowIsBad: true }, links: [linkTo('The caches', 'ballast-cache-effectiveness')], sql: `SELECT ${BUCKET} AS time, ${PROCESS} AS process, min(Lowest) AS value FROM ${reachable} GROUP BY time, process ORDER BY time, process LIMIT 20000` }),
      chart({ title: 'Errors seen by caches', description: 'Commands a second that failed or timed out, by process.', unit: 'ops', width: 12, sql: ratesBy(PROCESS, { metric: 'cache.redis.errors' }) }),
    ],
    [
      chart({ title: 'Memory', description: 'Used, resident, and the limit when one is set.', unit: 'bytes', width: 8, dashed: ['redis.maxmemory'], sql: gaugesBy('MetricName', { metric: ['redis.memory.used', 'redis.memory.rss', 'redis.memory.peak', 'redis.maxmemory'] }) }),
      chart({ title: 'Clients', description: 'Connected and blocked clients, mean.', unit: 'short', width: 8, sql: gaugesBy(`if(MetricName = 'redis.clients.blocked', 'blocked', 'connected')`, { metric: ['redis.clients.connected', 'redis.clients.blocked'] }) }),
      chart({ title: 'Network', description: 'Bytes a second in and out. Out near the link\'s speed: large values; compress them, or keep them local.', unit: 'Bps', width: 8, sql: rates({ received: `MetricName = 'redis.net.input'`, sent: `MetricName = 'redis.net.output'` }, { metric: ['redis.net.input', 'redis.net.output'] }) }),
    ],
    [
      chart({ title: 'Commands', description: 'Calls a second by command.', unit: 'ops', width: 8, sql: `SELECT time, ${topCommands} AS series, sumIf(Increase, MetricName = 'redis.cmd.calls') / any(${STEP}) AS value FROM ${perCommand} GROUP BY time, series ORDER BY time, series` }),
      chart({ title: 'Time of a command', description: 'Mean time inside Redis by command. One thread serves all: a slow command delays every other.', unit: 's', width: 8, sql: `SELECT time, ${topCommands} AS series, sumIf(Increase, MetricName = 'redis.cmd.usec') / 1e6 / nullIf(sumIf(Increase, MetricName = 'redis.cmd.calls'), 0) AS value FROM ${perCommand} GROUP BY time, series ORDER BY time, series` }),
      chart({ title: 'Keys that went', description: 'Keys a second that expired, and that were evicted for want of memory. Evictions take values whose time had not come.', unit: 'ops', width: 8, sql: rates({ expired: `MetricName = 'redis.keys.expired'`, evicted: `MetricName = 'redis.keys.evicted'` }, { metric: ['redis.keys.expired', 'redis.keys.evicted'] }) }),
    ],
  ],
  details: {
    'Hits and replication': [
      chart({ title: 'Hits in Redis', description: 'Share of look-ups that found a key, of all clients.', unit: 'percentunit', width: 12, max: 1, sql: `SELECT time, ${ratio(`sumIf(Increase, MetricName = 'redis.keyspace.hits')`, 'sum(Increase)')} AS hits FROM ${counterRows(keyspace)} GROUP BY time ORDER BY time` }),
      chart({ title: 'Replicas', description: 'Connected replicas, least.', unit: 'short', width: 12, sql: gaugesBy(`'replicas'`, { metric: 'redis.slaves.connected' }, 'min(Lowest)') }),
    ],
  },
}
