import { runService, type Service } from '@ballast/service'
import { workLogs, type WorkLogs } from '@ballast/telemetry/pino'
import { settings } from './config.ts'
import type { ShopContext } from './shop-context.ts'

/** One of the shop's services. */
export interface ShopService extends Pick<Service<typeof settings>, 'name' | 'description'> {
  start(this: void, context: ShopContext): Promise<void>
}

/** Runs a service whose debug log is kept in memory and written only for requests and jobs that fail. */
export async function runShopService({ name, description, start }: ShopService, env: NodeJS.ProcessEnv): Promise<void> {
  let logs: WorkLogs | undefined
  await runService(
    {
      name,
      description,
      settings,
      logPipe: (level, destination) => (logs = workLogs({ level, destination })),
      start: (context) => start({ ...context, logs: logs! }),
    },
    env,
  )
}
