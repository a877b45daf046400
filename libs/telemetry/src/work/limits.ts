/** How large one event may become. */
export interface EventLimits {
  /** Most fields and counters. @default 64 */
  readonly maxFields?: number
  /** Most timers. @default 16 */
  readonly maxTimers?: number
  /** Longest name, characters. @default 128 */
  readonly maxNameLength?: number
  /** Longest text value, characters; the rest is cut off. @default 2048 */
  readonly maxValueLength?: number
  /** Most bytes of names and values together. @default 32768 */
  readonly maxEventBytes?: number
}

/** Defaults of {@link EventLimits}: 64 fields, 16 timers of 3 attributes and our own stay within the 128 attributes that an OpenTelemetry SDK keeps. */
export const eventLimits = {
  /** fields */
  maxFields: 64,
  /** timers */
  maxTimers: 16,
  /** characters */
  maxNameLength: 128,
  /** characters */
  maxValueLength: 2048,
  /** bytes */
  maxEventBytes: 32 * 1024,
} as const satisfies Required<EventLimits>
