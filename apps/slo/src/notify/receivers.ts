/** Who can be told, by name. */
export interface Receivers {
  /** Those that are sent to, one delivery each. */
  readonly channels: readonly string[]
  /** Alertmanagers: they get every alert, whoever asks for it. */
  readonly alertmanagers: readonly string[]
}

/** Of the targets that a policy names those that are sent to; `undefined` when it names none that there is: better the routes than nobody. */
export function targetsFor(named: readonly string[] | undefined, { channels, alertmanagers }: Receivers): readonly string[] | undefined {
  if (named === undefined || !named.some((name) => channels.includes(name) || alertmanagers.includes(name))) return undefined
  return channels.filter((name) => named.includes(name))
}
