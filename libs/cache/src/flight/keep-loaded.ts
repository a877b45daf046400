import type { LocalTier } from '../local/local-tier.ts'
import type { Source } from '../source.ts'
import type { Flight } from './flight.ts'
import type { Loaded } from './loader.ts'
import type { RegionContext } from './region-context.ts'

/** Keeps locally what a load came to, as far as nothing happened meanwhile that forbids it, and returns its value. */
export function keepLoaded<R>({ scope, counters }: RegionContext, local: LocalTier<R>, id: string, flight: Flight<R>, loaded: Loaded<R>, source: Source<R>): R {
  if (loaded.kind === 'passed') {
    flight.outdated = scope.version !== flight.since.tagged
    return loaded.value
  }
  if (loaded.kind === 'refused') {
    flight.outdated = true
    counters.fillsRefused++
    if (!flight.fenced) local.delete(id)
    return loaded.value
  }
  const { entry } = loaded
  const verdict = loaded.kind === 'found' ? 'valid' : scope.verdictSince(entry, flight.since)
  flight.outdated = loaded.kind === 'found' ? scope.version !== flight.since.tagged : verdict !== 'valid'
  if (flight.fenced || verdict === 'hard') {
    counters.fillsRefused++
    if (!flight.fenced) local.delete(id)
  } else if (loaded.kind === 'found') local.keepRead(id, entry, loaded.askedAt, loaded.epoch, loaded.standing, source.policy)
  else {
    const standing = scope.standing(entry, flight.since, verdict === 'soft')
    // Redis did not say whether it was stored, but a message came: it is read once more, like what was stored.
    if (loaded.kind === 'stored' || flight.detached) local.keepOwn(id, entry, loaded.asOf, standing, source.policy)
    else local.keepAlone(id, entry, loaded.asOf, standing, source.policy)
  }
  return entry.value
}
