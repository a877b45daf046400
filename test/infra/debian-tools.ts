import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../harness/ballast.ts'

/** Programs that configuration is checked by, with the Debian package that holds each. */
const PACKAGES = { promtool: 'prometheus', amtool: 'prometheus-alertmanager', 'prometheus-alertmanager': 'prometheus-alertmanager' } as const

const cache = join(root, 'node_modules', '.cache', 'ballast-tools')

/**
 * The path of a program: the one on PATH, else the one of Debian's package, which is unpacked beside node_modules and not installed.
 * `undefined` where there is neither; tests that need it are then skipped, and say so.
 */
export function debianTool(name: keyof typeof PACKAGES): string | undefined {
  if (spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined) return name
  const folder = join(cache, PACKAGES[name])
  const path = join(folder, 'usr', 'bin', name)
  if (!existsSync(path)) fetchPackage(PACKAGES[name], folder)
  return existsSync(path) ? path : undefined
}

/** Downloads a package from Debian's archive, by apt's own settings and signatures, and unpacks it. */
function fetchPackage(name: string, folder: string): void {
  mkdirSync(cache, { recursive: true })
  const download = mkdtempSync(join(cache, 'download-'))
  const options = { cwd: download, stdio: 'pipe', timeout: 60_000 } as const
  try {
    if (spawnSync('apt-get', ['download', name], options).status !== 0) {
      // The list of packages may be missing or old; only root can renew it.
      if (process.getuid?.() !== 0) return
      spawnSync('apt-get', ['update'], options)
      if (spawnSync('apt-get', ['download', name], options).status !== 0) return
    }
    const archive = readdirSync(download).find((file) => file.endsWith('.deb'))!
    execFileSync('dpkg', ['-x', archive, 'unpacked'], options)
    if (name === 'prometheus-alertmanager') findItsTemplate(join(download, 'unpacked'), folder)
    // In one step, so that another process sees all of it or nothing.
    if (!existsSync(folder)) renameSync(join(download, 'unpacked'), folder)
  } finally {
    rmSync(download, { recursive: true, force: true })
  }
}

/** Debian's Alertmanager reads its template from the folder it is installed in; unpacked elsewhere, it is made to read its working directory. */
function findItsTemplate(unpacked: string, folder: string): void {
  const installed = '/usr/share/prometheus/alertmanager'
  const program = join(unpacked, 'usr', 'bin', 'prometheus-alertmanager')
  const binary = readFileSync(program)
  let at = binary.indexOf(installed)
  // The other places are those of files below the folder.
  while (at !== -1 && binary[at + installed.length] === 0x2f) at = binary.indexOf(installed, at + 1)
  if (at === -1) throw new Error(`Debian's Alertmanager is not as expected; remove ${folder} and see test/infra/debian-tools.ts`)
  // The same length, so that nothing in the program moves.
  binary.write('./'.repeat(installed.length / 2), at)
  writeFileSync(program, binary)
}

/** The folder in which an Alertmanager of {@link debianTool} finds its template. */
export function alertmanagerFolder(program: string): string {
  return program.includes('/') ? join(program, '..', '..', 'share', 'prometheus', 'alertmanager') : root
}
