// Lays out what an image holds: node scripts/image/lay-out.mjs <package folder> [more folders]
// Into ./image go the package, the packages of ours that it needs, each as package.json and dist, and node_modules as it is installed.
import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const [entry, ...extras] = process.argv.slice(2)
if (entry === undefined || !existsSync(join(entry, 'package.json'))) {
  process.stderr.write('usage: node scripts/image/lay-out.mjs <package folder> [more folders], in the root of the repository\n')
  process.exit(2)
}

const OURS = '@ballast/'
const into = 'image'
rmSync(into, { recursive: true, force: true })

/** Copies a package of ours and, after it, those it depends on. */
function layOut(folder, seen = new Set()) {
  if (seen.has(folder)) return
  seen.add(folder)
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  for (const part of ['package.json', 'dist']) cpSync(join(folder, part), join(into, folder, part), { recursive: true, filter: (path) => !/\.d\.ts(\.map)?$/.test(path) })
  // A version that another package wants differently is installed beside the package itself.
  const own = join(folder, 'node_modules')
  if (existsSync(own)) cpSync(own, join(into, own), { recursive: true, verbatimSymlinks: true })
  for (const name of Object.keys(dependencies)) if (name.startsWith(OURS)) layOut(join('libs', name.slice(OURS.length)), seen)
}

layOut(entry)
for (const folder of extras) cpSync(folder, join(into, folder), { recursive: true })
// The links of node_modules/@ballast are relative, so they lead to the packages beside it.
cpSync('node_modules', join(into, 'node_modules'), { recursive: true, verbatimSymlinks: true })
cpSync('scripts/image/healthy.mjs', join(into, 'healthy.mjs'))
