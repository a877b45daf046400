import { type Attributes, context, INVALID_TRACEID, type Span, SpanStatusCode, trace } from '@opentelemetry/api'
import type { LoadReason } from '../source.ts'

/**
 * Runs a load in a span, `cache.load`, the parent of what the loader does. Neither keys nor messages of errors go into it, because they may hold personal data.
 *
 * @param batchSize - how many values it loads, when it loads several.
 */
export function inLoadSpan<T>(attributes: Attributes, reason: LoadReason, load: () => Promise<T>, batchSize?: number): Promise<T> {
  const span = trace.getTracer('@ballast/cache').startSpan('cache.load', { attributes: { ...attributes, 'cache.load.reason': reason, ...(batchSize !== undefined && { 'cache.batch.size': batchSize }) } })
  // Without an SDK nobody sees it, and a context for it would cost more than the rest of the call.
  if (span.spanContext().traceId === INVALID_TRACEID) return load()
  return context.with(trace.setSpan(context.active(), span), () => ended(span, load))
}

async function ended<T>(span: Span, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR })
    span.setAttribute('error.type', error instanceof Error ? error.name : typeof error)
    throw error
  } finally {
    span.end()
  }
}
