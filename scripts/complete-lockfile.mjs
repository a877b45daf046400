// Completes package-lock.json with the platform packages that npm left out of it.
//
// npm drops an optional dependency from the lockfile when the registry it asked does not have it (a mirror that lags
// behind for other platforms, say), and `npm ci` then refuses that lockfile everywhere. Their versions are pinned by the
// package that wants them, and their platform is in their name, so the entries can be written without the registry.
// Run it after `npm install` when the test of the lockfile asks for it: node scripts/complete-lockfile.mjs
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { missingOptionalPackages } from './lockfile.mjs'

const path = fileURLToPath(new URL('../package-lock.json', import.meta.url))
const lock = JSON.parse(readFileSync(path, 'utf8'))

const OS = { darwin: 'darwin', linux: 'linux', win32: 'win32', freebsd: 'freebsd', android: 'android', openharmony: 'openharmony', aix: 'aix', sunos: 'sunos', netbsd: 'netbsd', openbsd: 'openbsd' }
const CPU = ['arm64', 'x64', 'ia32', 'arm', 'ppc64', 'riscv64', 's390x', 'loong64', 'mips64el', 'wasm32']

const missing = missingOptionalPackages(lock)
for (const { name, version, dev } of missing) {
  if (!/^\d+\.\d+\.\d+[\w.-]*$/.test(version)) throw new Error(`${name}: the lockfile wants ${version}, not one version; run npm install on a machine whose registry has it`)
  const words = name.split('/').at(-1).split('-')
  const os = Object.keys(OS).find((word) => words.includes(word))
  const cpu = CPU.find((word) => words.includes(word))
  const libc = words.some((word) => word.startsWith('musl')) ? 'musl' : os === 'linux' && words.some((word) => word.startsWith('gnu')) ? 'glibc' : undefined
  lock.packages[`node_modules/${name}`] = {
    version,
    ...(cpu && { cpu: [cpu] }),
    ...(dev && { dev: true }),
    ...(libc && { libc: [libc] }),
    optional: true,
    ...(os && { os: [os] }),
  }
}
const ordered = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)))
writeFileSync(path, `${JSON.stringify({ ...lock, packages: ordered }, null, 2)}\n`)
process.stdout.write(`${missing.length} platform packages added to package-lock.json\n`)
