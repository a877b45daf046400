import { cacheEffectiveness } from './boards/cache-effectiveness.ts'
import { cacheRedis } from './boards/cache-redis.ts'
import { clickHouseCost } from './boards/clickhouse-cost.ts'
import { clickHouseHealth } from './boards/clickhouse-health.ts'
import { ingestPipeline } from './boards/ingest-pipeline.ts'
import { nodeRuntime } from './boards/node-runtime.ts'
import { platformHome } from './boards/platform-home.ts'
import { serviceRed } from './boards/service-red.ts'
import { sloDetail } from './boards/slo-detail.ts'
import { sloOverview } from './boards/slo-overview.ts'
import type { BoardSpec } from './kit/board.ts'

/** Every dashboard, in the order in which they are read: from what users feel to what may cause it. */
export const boards: readonly BoardSpec[] = [
  platformHome,
  sloOverview,
  sloDetail,
  serviceRed,
  cacheEffectiveness,
  cacheRedis,
  ingestPipeline,
  clickHouseHealth,
  clickHouseCost,
  nodeRuntime,
]
