import type { BoardSpec } from '../kit/board.ts'
import { linkTo } from '../kit/links.ts'
import { attribute, counterRows, gaugesBy, rates, ratesBy } from '../kit/metric-sql.ts'
import { chart, stat, table } from '../kit/panels.ts'
import { chosen, RANGE, ratio, recent } from '../kit/sql.ts'
import { tableNames } from '@ballast/clickhouse'

const SCOPE = `${chosen('ServiceName', 'service')} AND ${chosen(attribute('cache.name'), 'cache')}`
const TIER = attribute('cache.tier')
const RESULT = attribute('cache.result')
const NAME = `concat(${attribute('cache.namespace')}, '/', ${attribute('cache.name')})`
const gets = { metric: 'cache.gets', where: SCOPE }
const HIT = `${TIER} IN ('local', 'redis')`
const share = (condition: string): string => `SELECT ${ratio(`sumIf(Increase, ${condition})`, 'sum(Increase)')} AS value FROM ${counterRows(gets)}`
/** Of the events' durations: the cache itself reads no clock on a hit. */
const readQuantile = (outcome: string): string => `quantileTDigestWeightedIf(0.99)(toFloat64OrZero(LogAttributes['work.duration_ms']) / 1000, SampleRate, LogAttributes['cache.outcome'] = '${outcome}') AS ${outcome}`
const EVENTS = `${tableNames.logs} WHERE ${recent('Timestamp')} AND mapContains(LogAttributes, 'cache.outcome') AND ${chosen('ServiceName', 'service')}`

/** Does the cache save work, and is what it serves fresh? */
export const cacheEffectiveness: BoardSpec = {
  uid: 'ballast-cache-effectiveness',
  title: 'Cache: effectiveness',
  question: 'Does the cache save work, and is what it serves fresh?',
  dataPath: `Metrics of \`@ballast/cache\`, sent over OTLP, from \`${tableNames.metricsMinute}\` and \`${tableNames.metricsHour}\`; times from the events of requests.`,
  owner: 'libs/cache/README.md',
  runbook: 'cache',
  class: 'operations',
  variables: ['service', 'cache'],
  verdict: [
    stat({ title: 'Hits', description: 'Share of reads answered by the local tier or Redis. When it falls: new keys, short lifetimes, or many invalidations.', unit: 'percentunit', width: 4, limits: { warning: 0.8, bad: 0.5, lowIsBad: true }, sql: share(HIT) }),
    stat({ title: 'Local hits', description: 'Share of reads answered without leaving the process. When it falls and hits do not: local.maxItems is too small, or the change channel was lost.', unit: 'percentunit', width: 4, limits: { warning: 0.5, bad: 0.2, lowIsBad: true }, sql: share(`${TIER} = 'local'`) }),
    stat({ title: 'Loads saved', description: 'Reads a second that did not become a load of the source: reads less loads.', unit: 'ops', width: 4, sql: `SELECT (sumIf(Increase, MetricName = 'cache.gets') - sumIf(Increase, MetricName = 'cache.loads')) / ${RANGE} AS value FROM ${counterRows({ metric: ['cache.gets', 'cache.loads'], where: SCOPE })}` }),
    stat({ title: 'Stale served', description: 'Share of answers past their soft lifetime, served while they are refreshed. High: the source fails or is slow.', unit: 'percentunit', width: 4, limits: { warning: 0.02, bad: 0.1 }, sql: share(`${RESULT} = 'stale'`) }),
    stat({ title: 'Shed or failed', description: 'Share of reads that got an error: the load failed, or too many ran.', unit: 'percentunit', width: 4, limits: { warning: 0.001, bad: 0.01 }, sql: share(`${RESULT} IN ('shed', 'error')`) }),
    stat({ title: 'p99 of a miss, last 6 h', description: 'Time of the requests that had to load, from their events, of the last six hours of the range.', unit: 's', width: 4, limits: { warning: 0.25, bad: 1 }, sql: `SELECT ${readQuantile('miss')} FROM ${EVENTS}` }),
  ],
  lines: [
    [
      chart({ title: 'Answers by outcome', description: 'Reads a second, each counted once: where the answer came from.', unit: 'ops', width: 12, partsOfWhole: true, sql: rates({ local: `${TIER} = 'local' AND ${RESULT} != 'stale'`, redis: `${TIER} = 'redis' AND ${RESULT} != 'stale'`, stale: `${RESULT} = 'stale'`, joined: `${RESULT} = 'coalesced'`, miss: `${RESULT} = 'miss'`, shed: `${RESULT} = 'shed'`, error: `${RESULT} = 'error'` }, gets) }),
      chart({ title: 'Request p99 by outcome, last 6 h', description: 'Time of requests by where their value came from, from their events. The distance between miss and local is what the cache is worth.', unit: 's', width: 12, sql: `SELECT toStartOfInterval(toDateTime(Timestamp), INTERVAL 1 MINUTE) AS time, ${['local', 'shared', 'miss'].map((outcome) => `if(countIf(LogAttributes['cache.outcome'] = '${outcome}') = 0, NULL, ${readQuantile(outcome).replace(/ AS \w+$/, '')}) AS ${outcome}`).join(', ')} FROM ${EVENTS} GROUP BY time ORDER BY time` }),
    ],
    [
      chart({ title: 'Stampedes: reads for each load', description: 'Reads that joined a load or missed, for each load of the source. 1: nobody waits for anybody. Large: many wanted the same at once, and one load served them.', unit: 'none', width: 8, sql: `SELECT time, ${ratio(`sumIf(Increase, MetricName = 'cache.gets' AND ${RESULT} IN ('miss', 'coalesced'))`, `sumIf(Increase, MetricName = 'cache.loads')`)} AS reads FROM ${counterRows({ metric: ['cache.gets', 'cache.loads'], where: SCOPE })} GROUP BY time ORDER BY time` }),
      chart({ title: 'Loads', description: 'Loads a second, those that failed, those begun before the value was stale, and those that waited for another process.', unit: 'ops', width: 8, sql: rates({ loads: `MetricName = 'cache.loads'`, errors: `MetricName = 'cache.load.errors'`, early: `MetricName = 'cache.refreshes.early'`, waits: `MetricName = 'cache.lease.waits'`, shed: `MetricName = 'cache.loads.shed'` }, { metric: ['cache.loads', 'cache.load.errors', 'cache.refreshes.early', 'cache.lease.waits', 'cache.loads.shed'], where: SCOPE }) }),
      chart({ title: 'Loads that run and wait', description: 'Mean number of loads under way and queued. A queue that stays: the source is slower than the demand.', unit: 'short', width: 8, sql: gaugesBy(`if(MetricName = 'cache.loads.running', 'running', 'queued')`, { metric: ['cache.loads.running', 'cache.loads.queued'], where: SCOPE }) }),
    ],
    [
      chart({ title: 'Changes', description: 'Invalidations called here, values written, changed keys heard of from anywhere, and loaded values that were not stored because the key changed meanwhile.', unit: 'ops', width: 8, sql: rates({ invalidations: `MetricName = 'cache.invalidations'`, writes: `MetricName = 'cache.puts'`, heard: `MetricName = 'cache.changes.heard'`, refused: `MetricName = 'cache.fills.refused'` }, { metric: ['cache.invalidations', 'cache.puts', 'cache.changes.heard', 'cache.fills.refused'], where: `${chosen('ServiceName', 'service')}` }) }),
      chart({ title: 'Change channel', description: '1 while changes in Redis are heard. At 0 local copies live for maxStaleness only.', unit: 'none', width: 8, max: 1, limits: { bad: 1, lowIsBad: true }, links: [linkTo('Redis', 'ballast-cache-redis')], sql: gaugesBy('concat(ServiceName, \' \', Instance)', { metric: 'cache.tracking.live', where: chosen('ServiceName', 'service') }, 'min(Lowest)') }),
      chart({ title: 'Local entries by their limit', description: 'Entries in the local tiers by how many there may be (local.maxItems), by cache, mean over the processes. At 1 the least recently used go.', unit: 'percentunit', width: 8, max: 1, sql: gaugesBy(NAME, { metric: ['cache.size', 'cache.limit'], where: SCOPE }, `sumIf(Total, MetricName = 'cache.size') / nullIf(sumIf(Total, MetricName = 'cache.limit'), 0)`) }),
    ],
    [
      table({
        title: 'Caches, worst first', description: 'Each definition: how often it is read, and how often that helps. A low hit share and many reads is where to work.', width: 24, units: { reads: 'ops', hits: 'percentunit', stale: 'percentunit', errors: 'percentunit' }, bars: ['hits'], columnLimits: { hits: { warning: 0.8, bad: 0.5, lowIsBad: true } },
        sql: `SELECT ${NAME} AS cache, ServiceName AS service, sum(Increase) / ${RANGE} AS reads, ${ratio(`sumIf(Increase, ${HIT})`, 'sum(Increase)')} AS hits, ${ratio(`sumIf(Increase, ${RESULT} = 'stale')`, 'sum(Increase)')} AS stale, ${ratio(`sumIf(Increase, ${RESULT} IN ('shed', 'error'))`, 'sum(Increase)')} AS errors FROM ${counterRows(gets)} GROUP BY cache, service HAVING reads > 0 ORDER BY hits, reads DESC LIMIT 50`,
      }),
    ],
  ],
  details: {
    'Answers by process': [chart({ title: 'Reads by process', description: 'Reads a second of each process. One that stands out gets more than its share.', unit: 'ops', width: 24, sql: ratesBy(`concat(ServiceName, ' ', Instance)`, gets) })],
  },
}
