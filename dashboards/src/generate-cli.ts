import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generatedDirectory, generatedFiles } from './generated-files.ts'

mkdirSync(generatedDirectory, { recursive: true })
for (const name of readdirSync(generatedDirectory)) rmSync(join(generatedDirectory, name))
const files = generatedFiles()
for (const { path, text } of files) writeFileSync(path, text)
process.stdout.write(`${files.map(({ path }) => path).join('\n')}\n`)
