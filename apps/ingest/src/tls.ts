import { readFileSync } from 'node:fs'
import { SettingsError } from '@ballast/service'
import type { IngestConfig } from './config.ts'

/** What TLS needs, in PEM. */
export interface TlsFiles {
  readonly cert: Buffer
  readonly key: Buffer
  /** With it, clients must show a certificate that this authority has signed. */
  readonly ca: Buffer | undefined
}

/**
 * Reads the files of TLS; `undefined` when none is configured.
 *
 * @throws SettingsError when a file is missing or cannot be read.
 */
export function readTls(config: Pick<IngestConfig, 'tlsCertFile' | 'tlsKeyFile' | 'tlsClientCaFile'>): TlsFiles | undefined {
  const { tlsCertFile, tlsKeyFile, tlsClientCaFile } = config
  if (tlsCertFile === '' && tlsKeyFile === '' && tlsClientCaFile === '') return undefined
  if (tlsCertFile === '' || tlsKeyFile === '') {
    throw new SettingsError('SETTING_MISSING', ['TLS needs both INGEST_TLS_CERT_FILE and INGEST_TLS_KEY_FILE; set both, or neither and no INGEST_TLS_CLIENT_CA_FILE.'])
  }
  return {
    cert: read('INGEST_TLS_CERT_FILE', tlsCertFile),
    key: read('INGEST_TLS_KEY_FILE', tlsKeyFile),
    ca: tlsClientCaFile === '' ? undefined : read('INGEST_TLS_CLIENT_CA_FILE', tlsClientCaFile),
  }
}

function read(variable: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new SettingsError('SETTING_INVALID', [`${variable} cannot be read: ${(error as Error).message}.`])
  }
}
