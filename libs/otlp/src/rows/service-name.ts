import type { KeyValue } from '../record/any-value.ts'

/** The resource's `service.name`; `unknown_service` when it has none, as OpenTelemetry says. */
export function serviceName(attributes: readonly KeyValue[]): string {
  const value = attributes.find((attribute) => attribute.key === 'service.name')?.value
  return orUnknownService(value?.kind === 'string' ? value.value : undefined)
}

/** The name, unless there is none. */
export function orUnknownService(name: string | undefined): string {
  return name === undefined || name === '' ? 'unknown_service' : name
}
