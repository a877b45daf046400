import { CacheError } from '../errors.ts'
import { toCount } from '../option-checks.ts'

/** What the local tier keeps of one definition, and how it hands it out. */
export interface LocalLimitOptions {
  /** Most entries kept; the least recently used goes first. @default 10000 */
  readonly maxItems?: number
  /** Most absences kept beside them, so that random ids drive out no value. @default a tenth of `maxItems` */
  readonly maxNegatives?: number
  /** Most bytes of memory that the entries take, estimated: 4096 or more. An entry that is larger alone is not kept. @default no limit but `maxItems` */
  readonly maxBytes?: number
  /**
   * What keeps a caller from changing the value of all others. `shared`: nothing, all get the same object. `frozen`: all get the same, deeply frozen object.
   * `cloned`: each call gets a `structuredClone` of its own. @default 'shared'
   */
  readonly copies?: 'shared' | 'frozen' | 'cloned'
}

/** {@link LocalLimitOptions}, checked. */
export interface LocalLimits {
  readonly maxItems: number
  readonly maxNegatives: number
  /** `undefined` for no limit. */
  readonly maxBytes: number | undefined
  readonly copies: NonNullable<LocalLimitOptions['copies']>
}

/** Defaults of {@link LocalLimitOptions}; `maxBytes` has none, `maxNegatives` depends. */
export const localDefaults = {
  /** entries, for each definition */
  maxItems: 10_000,
  copies: 'shared',
} as const

const COPIES: readonly unknown[] = ['shared', 'frozen', 'cloned'] satisfies readonly LocalLimitOptions['copies'][]

/** Names of {@link LocalLimitOptions}. */
export const LOCAL_LIMIT_OPTIONS = ['maxItems', 'maxNegatives', 'maxBytes', 'copies']

/** The least budget of bytes: below it hardly anything would be kept. */
const MIN_BYTES = 4_096

/**
 * Checks the limits and fills in the defaults.
 *
 * @param where - whose they are, for the message.
 * @throws {@link CacheError} `OPTION_INVALID`.
 */
export function resolveLocalLimits(where: string, options: LocalLimitOptions = {}, defaults?: LocalLimits): LocalLimits {
  const maxBytes = options.maxBytes ?? defaults?.maxBytes
  if (maxBytes !== undefined && !(Number.isSafeInteger(maxBytes) && maxBytes >= MIN_BYTES)) throw new CacheError('OPTION_INVALID', `${where}maxBytes is ${maxBytes}; give a whole number of bytes from ${MIN_BYTES}`)
  const copies = options.copies ?? defaults?.copies ?? localDefaults.copies
  if (!COPIES.includes(copies)) throw new CacheError('OPTION_INVALID', `${where}copies is ${JSON.stringify(copies)}; there are ${COPIES.join(', ')}`)
  const maxItems = toCount(`${where}maxItems`, options.maxItems ?? defaults?.maxItems ?? localDefaults.maxItems)
  // A tenth of the items that are meant here, not of those of the cache.
  const inherited = options.maxItems === undefined ? defaults?.maxNegatives : undefined
  return { maxItems, maxNegatives: toCount(`${where}maxNegatives`, options.maxNegatives ?? inherited ?? Math.ceil(maxItems / 10)), maxBytes, copies }
}
