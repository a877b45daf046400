// The health check of the images: node healthy.mjs <url> exits 0 when the URL answers 2xx within two seconds.
const response = await fetch(process.argv[2], { signal: AbortSignal.timeout(2000) }).catch(() => undefined)
process.exitCode = response?.ok === true ? 0 : 1
