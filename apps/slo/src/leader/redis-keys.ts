/** The keys that replicas share. All in one slot of a cluster, so that one step can touch several. */
export interface RedisKeys {
  readonly lease: string
  readonly fence: string
  readonly states: string
  readonly outbox: string
  readonly told: string
  readonly dead: string
  readonly acknowledgements: string
  readonly silences: string
}

/** @param database - of ClickHouse: engines over another one are others. */
export function redisKeys(database: string): RedisKeys {
  const key = (name: string): string => `{ballast:slo:${database}}:${name}`
  return {
    lease: key('lease'),
    fence: key('fence'),
    states: key('states'),
    outbox: key('outbox'),
    told: key('told'),
    dead: key('dead'),
    acknowledgements: key('acknowledgements'),
    silences: key('silences'),
  }
}
