import { createHttpServer, defineSettings, listen, port, runService } from '../src/index.ts'

// A real app, as small as they come: the tests of runService start it as a child process.
await runService(
  {
    name: 'demo',
    description: 'Answers on one port.',
    settings: defineSettings('DEMO_', { port: port('DEMO_PORT', { default: 0, help: 'where it listens' }) }),
    async start({ config, log, health, metrics, lifecycle }) {
      const server = createHttpServer({ log, health, metrics })
      lifecycle.onShutdown('http server', () => server.close())
      server.get('/slow', () => new Promise((resolve) => setTimeout(() => resolve({ done: true }), 300)))
      const listening = await listen(server, { host: '127.0.0.1', port: config.port, variable: 'DEMO_PORT' })
      log.info({ port: listening }, 'listening')
    },
  },
  process.env,
)
