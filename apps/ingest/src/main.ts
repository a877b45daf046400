import { runService } from '@ballast/service'
import { settings } from './config.ts'
import { startIngest } from './ingest.ts'

await runService(
  {
    name: 'ingest',
    description: 'Takes OpenTelemetry traces, logs and metrics over OTLP/HTTP and OTLP/gRPC, and structured events, and stores them in ClickHouse before it answers.',
    settings,
    async start(context) {
      await startIngest(context)
    },
  },
  process.env,
)
