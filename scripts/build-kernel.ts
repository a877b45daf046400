import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

const SOURCES = fileURLToPath(new URL('../libs/otlp/kernel/', import.meta.url))

/** What {@link compileKernel} gives is kept here, so that nothing needs a compiler or another file to run. */
export const kernelBytesPath = fileURLToPath(new URL('../libs/otlp/src/kernel/kernel-bytes.ts', import.meta.url))

/**
 * Compiles the kernel of `libs/otlp` to the module that carries it. Same sources, same bytes.
 *
 * @throws Error with what the compiler says.
 */
export async function compileKernel(): Promise<string> {
  let wasm: Uint8Array | undefined
  const stderr = asc.createMemoryStream()
  const { error } = await asc.main(['index.ts', '--outFile', 'kernel.wasm', '-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '--importMemory'], {
    readFile: (name) => readIfThere(join(SOURCES, name)),
    writeFile(_name, contents) {
      wasm = Buffer.from(contents)
    },
    listFiles: () => [],
    stderr,
  })
  if (error !== null || wasm === undefined) throw new Error(`the kernel does not compile:\n${stderr.toString()}`, { cause: error })
  return `/** The kernel, compiled from \`kernel/\` by \`node --conditions=@ballast/source scripts/build-kernel.ts\`: WebAssembly in base64. */\nexport const kernelBytes =\n  '${Buffer.from(wasm).toString('base64')}'\n`
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(kernelBytesPath, await compileKernel())
