interface Watch {
  waiting: number
  loads: number
  lastLoadMs: number
}

/** Tells who waits for an id whether the cache had to load it meanwhile, whichever caller the load ran for. Holds ids only while someone waits. */
export class LoadWatch {
  readonly #watches = new Map<string, Watch>()

  /** Called by the loader. Milliseconds. */
  loaded(id: string, durationMs: number): void {
    const watch = this.#watches.get(id)
    if (watch === undefined) return
    watch.loads++
    watch.lastLoadMs = durationMs
  }

  /** Runs a read; `loadMs` is the time of the load that it waited for, `undefined` when there was none. */
  async during<T>(id: string, read: () => Promise<T>): Promise<{ readonly value: T; readonly loadMs: number | undefined }> {
    const watch = this.#watches.get(id) ?? { waiting: 0, loads: 0, lastLoadMs: 0 }
    this.#watches.set(id, watch)
    watch.waiting++
    const before = watch.loads
    try {
      const value = await read()
      return { value, loadMs: watch.loads > before ? watch.lastLoadMs : undefined }
    } finally {
      watch.waiting--
      if (watch.waiting === 0) this.#watches.delete(id)
    }
  }
}
