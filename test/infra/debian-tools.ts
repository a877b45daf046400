import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
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
    // In one step, so that another process sees all of it or nothing.
    if (!existsSync(folder)) renameSync(join(download, 'unpacked'), folder)
  } finally {
    rmSync(download, { recursive: true, force: true })
  }
}
