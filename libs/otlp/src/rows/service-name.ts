import type { KeyValue } from '../record/any-value.ts'

/** The resource's `service.name`; `unknown_service` when it has none, as OpenTelemetry says. */
export function serviceName(attributes: readonly KeyValue[]): string {
  const value = attributes.find((attribute) => attribute.key === 'service.name')?.value
  return value?.kind === 'string' && value.value !== '' ? value.value : 'unknown_service'
}
