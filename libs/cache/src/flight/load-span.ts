import { type Attributes, context, INVALID_TRACEID, ProxyTracerProvider, type Span, SpanStatusCode, trace } from '@opentelemetry/api'
import type { LoadReason } from '../source.ts'

/** Where tracers come from while no SDK is registered. */
const nowhere = new ProxyTracerProvider().getDelegate()

/**
 * Runs a load in a span, `cache.load`, the parent of what the loader does. Neither keys nor messages of errors go into it, because they may hold personal data.
 *
 * @param batchSize - how many values it loads, when it loads several.
 */
export function inLoadSpan<T>(attributes: Attributes, reason: LoadReason, load: () => Promise<T>, batchSize?: number): Promise<T> {
  const provider = trace.getTracerProvider()
  // Nobody sees it, and even a span that does nothing would cost more than the rest of the call.
  if (provider instanceof ProxyTracerProvider && provider.getDelegate() === nowhere) return load()
  const span = trace.getTracer('@ballast/cache').startSpan('cache.load', { attributes: { ...attributes, 'cache.load.reason': reason, ...(batchSize !== undefined && { 'cache.batch.size': batchSize }) } })
  // The SDK takes no spans.
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
