import { runService } from '@ballast/service'
import { settings } from './config.ts'
import { startSlo } from './start-slo.ts'

await runService(
  {
    name: 'slo',
    description: 'evaluates objectives over ClickHouse and alerts when an error budget burns',
    settings,
    start: startSlo,
  },
  process.env,
)
