import { type Attributes, type Span, SpanStatusCode, trace } from '@opentelemetry/api'

/** Runs a load in a span, `cache.load`, the parent of what the loader does. Neither keys nor messages of errors go into it, because they may hold personal data. */
export function inLoadSpan<T>(attributes: Attributes, load: () => Promise<T>): Promise<T> {
  return trace.getTracer('@ballast/cache').startActiveSpan('cache.load', { attributes }, async (span: Span) => {
    try {
      return await load()
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR })
      span.setAttribute('error.type', error instanceof Error ? error.name : typeof error)
      throw error
    } finally {
      span.end()
    }
  })
}
