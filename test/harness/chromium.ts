import { spawnSync } from 'node:child_process'

const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome'] as const

/**
 * The Chromium on PATH. Where there is none, Debian's is installed, which only root can do; `undefined` where it cannot be had: tests that
 * need it are then skipped, and say so.
 */
export function chromium(): string | undefined {
  const found = onPath()
  if (found !== undefined || process.getuid?.() !== 0 || spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).error !== undefined) return found
  const install = (): boolean => spawnSync('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'], { stdio: 'ignore', timeout: 240_000 }).status === 0
  // The list of packages may be missing or old.
  if (!install() && spawnSync('apt-get', ['update'], { stdio: 'ignore', timeout: 60_000 }).status === 0) install()
  return onPath()
}

/** The full path, which Playwright asks for. */
function onPath(): string | undefined {
  const paths = PROGRAMS.map((program) => spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).stdout.trim())
  return paths.find((path) => path !== '')
}
