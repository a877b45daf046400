import { createClickHouse, migrate } from '@ballast/clickhouse'
import type { StackConfig } from './settings.ts'

/** Brings the database to the newest schema. The apps would do it as well; here it is a step that can be seen. */
export async function migrateClickHouse(config: StackConfig, url: string): Promise<void> {
  const client = createClickHouse({
    url,
    database: config.clickhouseDatabase,
    username: config.clickhouseUser,
    password: config.clickhousePassword,
    application: 'npm start',
  })
  try {
    await migrate({ client })
  } finally {
    await client.close()
  }
}
