import { CacheError } from '../errors.ts'

/**
 * A schema of zod, valibot, arktype or any other library that keeps to Standard Schema v1 (https://standardschema.dev),
 * as far as a cache needs it: so it depends on none of them.
 */
export interface StandardSchema<R> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    validate(value: unknown): SchemaResult<R> | Promise<SchemaResult<R>>
  }
}

/** What a schema says about a value. */
export type SchemaResult<R> = { readonly value: R; readonly issues?: undefined } | { readonly issues: readonly unknown[] }

/** Stands for a value that the schema refused. */
export const MISMATCH = Symbol('mismatch')

/** The value as the schema gives it back, or {@link MISMATCH}. Never throws. */
export type SchemaCheck = (value: unknown) => unknown

/**
 * Makes the check of values that come from Redis.
 *
 * @param onError - told, once, of a schema that turned out to be asynchronous.
 * @throws {@link CacheError} `OPTION_INVALID` when it is no Standard Schema, or an asynchronous one: a hit waits for nothing but Redis.
 */
export function schemaCheck(definition: string, schema: StandardSchema<unknown>, onError: (error: CacheError) => void): SchemaCheck {
  const standard = (schema as Partial<StandardSchema<unknown>> | null)?.['~standard']
  if (standard?.version !== 1 || typeof standard.validate !== 'function') throw new CacheError('OPTION_INVALID', `${definition}: schema is not a Standard Schema v1, see https://standardschema.dev`, { definition })
  const asynchronous = (): CacheError => new CacheError('OPTION_INVALID', `${definition}: schema is asynchronous; give one that answers at once`, { definition })
  let told = false
  const check: SchemaCheck = (value) => {
    try {
      const result = standard.validate(value)
      if (!(result instanceof Promise)) return result.issues === undefined ? result.value : MISMATCH
      result.catch(() => {})
      if (!told) onError(asynchronous())
      told = true
    } catch {
      // A schema that throws has not accepted the value.
    }
    return MISMATCH
  }
  // No value of the cache is undefined, so what the schema says about it does not matter; only whether it says it at once.
  let probe: unknown
  try {
    probe = standard.validate(undefined)
  } catch {
    return check
  }
  if (!(probe instanceof Promise)) return check
  probe.catch(() => {})
  throw asynchronous()
}
