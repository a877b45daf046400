/**
 * The optional dependencies that a lockfile's packages name and that it has no entry for.
 *
 * @param {{ packages: Record<string, { optionalDependencies?: Record<string, string>, dev?: boolean }> }} lock
 * @returns {{ name: string, version: string, dev: boolean }[]}
 */
export function missingOptionalPackages(lock) {
  const missing = new Map()
  for (const [path, entry] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (!isLocked(lock, path, name)) missing.set(name, { name, version, dev: entry.dev === true })
    }
  }
  return [...missing.values()]
}

/** Looks for `name` the way Node does: in the package's own node_modules, then in each folder above. */
function isLocked(lock, path, name) {
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1))) {
    if (`${folder}${folder === '' ? '' : '/'}node_modules/${name}` in lock.packages) return true
    if (folder === '' || !folder.includes('node_modules/')) return `node_modules/${name}` in lock.packages
  }
}
