import { runService } from '@ballast/service'
import { settings } from './config.ts'
import { startIngest } from './ingest.ts'

await runService(
  {
    name: 'ingest',
    description: 'Takes OpenTelemetry traces, logs and metrics over OTLP/HTTP and OTLP/gRPC, and structured events, keeps them in a journal on disk before it answers, and stores them in ClickHouse.',
    settings,
    async start(context) {
      await startIngest(context)
    },
  },
  process.env,
)
