import type { ServiceContext } from '@ballast/service'
import type { WorkLogs } from '@ballast/telemetry/pino'
import type { ShopConfig } from './config.ts'

/** What each of the shop's services is started with. */
export interface ShopContext extends ServiceContext<ShopConfig> {
  /** Sets the level of the log while the service runs. */
  readonly logs: Pick<WorkLogs, 'level'>
}
