/**
 * Shows that something long is alive: on a terminal one line that counts seconds, elsewhere a line at its begin and one at its end.
 *
 * @template T
 * @param {string} label
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withProgress(label, work) {
  const startedAt = performance.now()
  const seconds = () => `${((performance.now() - startedAt) / 1000).toFixed(1)} s`
  const live = process.stdout.isTTY === true
  const ticker = live ? setInterval(() => process.stdout.write(`\r\x1b[K  … ${label}  ${seconds()}`), 100) : undefined
  if (!live) process.stdout.write(`  … ${label}\n`)
  const end = (/** @type {string} */ mark) => {
    clearInterval(ticker)
    process.stdout.write(`${live ? '\r\x1b[K' : ''}  ${mark} ${label}  ${seconds()}\n`)
  }
  try {
    const result = await work()
    end('✔')
    return result
  } catch (error) {
    end('✘')
    throw error
  }
}
