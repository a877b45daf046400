import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici'
import { ATTR_URL_FULL, ATTR_URL_QUERY } from '@opentelemetry/semantic-conventions'
import { withoutSecrets } from '../work/redaction.ts'
import { observeDependencies } from './dependency-timing.ts'

/** Options of {@link instrumentFetch}. */
export interface OutgoingFetchOptions {
  /** Names of the timers of other services, by origin: `{ 'http://10.0.0.7:8081': 'catalog' }`. @default the host */
  readonly dependencies?: Readonly<Record<string, string>>
}

/**
 * Outgoing `fetch` of this process: a CLIENT span each, the trace context in its headers, and a timer on the current unit of work.
 * Spans are OpenTelemetry's own undici instrumentation, so a process that has it installed already calls `observeDependencies` alone.
 *
 * @returns how to stop it.
 */
export function instrumentFetch(options: OutgoingFetchOptions = {}): () => void {
  const instrumentation = new UndiciInstrumentation({
    startSpanHook({ origin, path }) {
      const url = new URL(path, origin)
      return { [ATTR_URL_FULL]: withoutSecrets(url.href), [ATTR_URL_QUERY]: withoutSecrets(url.search) }
    },
  })
  const stopTimers = observeDependencies(options.dependencies)
  return () => {
    stopTimers()
    instrumentation.disable()
  }
}
