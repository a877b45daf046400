import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Spool } from '../src/insert/spool.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ballast-spool-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

async function* chunks(...sizes: number[]): AsyncGenerator<Uint8Array> {
  for (const size of sizes) yield Buffer.alloc(size, 'x')
}

describe('the spool', () => {
  test('holds a file while it is used, and no longer', async () => {
    const spool = await Spool.open(folder, 1000)
    const text = await spool.with(chunks(3, 4), async (path, bytes) => {
      expect([bytes, spool.bytes]).toEqual([7, 7])
      return readFileSync(path, 'utf8')
    })
    expect(text).toBe('xxxxxxx')
    expect([readdirSync(folder), spool.bytes]).toEqual([[], 0])
  })

  test('removes a file whose use or whose source fails', async () => {
    const spool = await Spool.open(folder, 1000)
    await expect(spool.with(chunks(3), () => Promise.reject(new Error('use')))).rejects.toThrow('use')
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('x')
      throw new Error('source')
    }
    await expect(spool.with(broken(), () => Promise.resolve())).rejects.toThrow('source')
    expect([readdirSync(folder), spool.bytes]).toEqual([[], 0])
  })

  test('refuses what would take all files together beyond the limit, until there is room again', async () => {
    const spool = await Spool.open(folder, 100)
    await spool.with(chunks(60), async () => {
      await expect(spool.with(chunks(30, 30), () => Promise.resolve())).rejects.toMatchObject({ code: 'TOO_MANY_SIMULTANEOUS_QUERIES', httpStatus: 503 })
      expect(spool.bytes).toBe(60)
    })
    expect(await spool.with(chunks(60), () => Promise.resolve('room'))).toBe('room')
  })

  test('is emptied when it is opened', async () => {
    writeFileSync(join(folder, '1.spool'), 'left over')
    await Spool.open(folder, 100)
    expect(readdirSync(folder)).toEqual([])
  })
})
