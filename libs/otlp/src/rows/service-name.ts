/** The name of a service, unless there is none: `unknown_service`, as OpenTelemetry says. */
export function orUnknownService(name: string | undefined): string {
  return name === undefined || name === '' ? 'unknown_service' : name
}
