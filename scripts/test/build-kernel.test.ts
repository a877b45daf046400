import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { compileKernel, kernelBytesPath } from '../build-kernel.ts'

test('the compiled kernel is that of the sources', async () => {
  expect(readFileSync(kernelBytesPath, 'utf8') === (await compileKernel()), 'the kernel is out of date: run node --conditions=@ballast/source scripts/build-kernel.ts').toBe(true)
}, 60_000)
