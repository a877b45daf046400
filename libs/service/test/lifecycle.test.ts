import { describe, expect, test } from 'vitest'
import { createLogger, Lifecycle } from '../src/index.ts'

const silent = createLogger('test', 'silent')

describe('lifecycle', () => {
  test('stops what was started last first, once', async () => {
    const stopped: string[] = []
    const lifecycle = new Lifecycle(silent, 1000)
    for (const name of ['store', 'queue', 'server']) lifecycle.onShutdown(name, async () => stopped.push(name))
    expect(await Promise.all([lifecycle.shutdown(), lifecycle.shutdown()])).toEqual([true, true])
    expect(stopped).toEqual(['server', 'queue', 'store'])
  })

  test('goes on when a step fails, and says that it was not clean', async () => {
    const stopped: string[] = []
    const lifecycle = new Lifecycle(silent, 1000)
    lifecycle.onShutdown('store', () => stopped.push('store'))
    lifecycle.onShutdown('queue', () => {
      throw new Error('broken')
    })
    expect(await lifecycle.shutdown()).toBe(false)
    expect(stopped).toEqual(['store'])
  })

  test('does not wait past its deadline for a step that hangs, and still gives the others their turn', async () => {
    const stopped: string[] = []
    const lifecycle = new Lifecycle(silent, 20)
    lifecycle.onShutdown('store', () => stopped.push('store'))
    let told = false
    lifecycle.onShutdown('server', (signal) => new Promise(() => signal.addEventListener('abort', () => (told = true))))
    expect(await lifecycle.shutdown()).toBe(false)
    expect(told).toBe(true)
    expect(stopped).toEqual(['store'])
  })
})
