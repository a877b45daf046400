import { MAX_TAGS_BYTES, TAG_SEPARATOR } from '../entry/envelope.ts'
import { CacheError } from '../errors.ts'

/** Most tags of one entry: each is one more comparison for each read that is not a plain local hit. */
const MAX_TAGS = 64
const MAX_TAG_LENGTH = 256

/** The tags, each once; `undefined` for none. @throws {@link CacheError} `TAGS_INVALID`. */
export function checkTags(where: string, tags: readonly string[]): readonly string[] | undefined {
  if (!Array.isArray(tags)) throw new CacheError('TAGS_INVALID', `${where}: tags must be a list of texts`)
  if (tags.length === 0) return undefined
  for (const tag of tags as readonly unknown[]) {
    if (typeof tag !== 'string' || tag === '' || tag.length > MAX_TAG_LENGTH || tag.includes(TAG_SEPARATOR) || !tag.isWellFormed()) {
      throw new CacheError('TAGS_INVALID', `${where}: the tag ${JSON.stringify(tag)} cannot be used; give well-formed text of 1 to ${MAX_TAG_LENGTH} characters without NUL`)
    }
  }
  const unique = tags.length === 1 ? tags : [...new Set(tags)]
  if (unique.length > MAX_TAGS || Buffer.byteLength(unique.join(TAG_SEPARATOR)) > MAX_TAGS_BYTES) {
    throw new CacheError('TAGS_INVALID', `${where}: ${unique.length} tags are too many; give at most ${MAX_TAGS}, of at most ${MAX_TAGS_BYTES} bytes together`)
  }
  return unique
}
