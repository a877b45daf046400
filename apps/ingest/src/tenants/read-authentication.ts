import { createCache } from '@ballast/cache'
import type { ClickHouse } from '@ballast/clickhouse'
import type { Cluster, Redis } from 'ioredis'
import type { IngestConfig } from '../config.ts'
import type { KeySource } from './api-key.ts'
import { type Authenticate, byKey, withoutKeys } from './authenticate.ts'
import { CachedKeys, KEYS_NAMESPACE } from './cached-keys.ts'
import { KeyFile } from './key-file.ts'
import { KeyTable } from './key-table.ts'

export interface AuthenticationOptions {
  readonly config: Pick<IngestConfig, 'apiKeysFile' | 'apiKeysTable'>
  readonly client: Pick<ClickHouse, 'query' | 'insertBlock'>
  /** What replicas share; without it each is on its own. */
  readonly redis: Redis | Cluster | undefined
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly onError: (error: Error) => void
}

/** How senders are recognised: by the keys of the file, then by those of the table; by none when neither is set. @throws SettingsError */
export function readAuthentication({ config, client, redis, now, onError }: AuthenticationOptions): { readonly authenticate: Authenticate; close(): Promise<void> } {
  const sources: KeySource[] = config.apiKeysFile === '' ? [] : [new KeyFile(config.apiKeysFile, onError, now)]
  if (!config.apiKeysTable) return { authenticate: sources.length === 0 ? withoutKeys : byKey(sources, now), close: () => Promise.resolve() }
  const cache = createCache({ namespace: KEYS_NAMESPACE, redis: redis ?? false, loadSpans: false, onError })
  sources.push(new CachedKeys(cache, new KeyTable(client)))
  return { authenticate: byKey(sources, now), close: () => cache.close() }
}
