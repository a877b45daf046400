import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace'
import { isSecretName, redacted, withoutSecrets } from '../work/redaction.ts'

/** Replaces secrets in the attributes of a span when it ends, whoever set them; stands before the processor that exports. */
export class SpanRedaction implements SpanProcessor {
  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    const { attributes } = span
    for (const name in attributes) {
      const value = attributes[name]
      if (isSecretName(name)) attributes[name] = redacted
      else if (typeof value === 'string') attributes[name] = withoutSecrets(value)
    }
  }

  async forceFlush(): Promise<void> {}
  async shutdown(): Promise<void> {}
}
