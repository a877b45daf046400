import { builtInRules, createRedaction, type RedactionRule } from '../src/index.ts'

const rules: readonly RedactionRule[] = [
  // By key: one of them hits every span and log record of the benchmark.
  { name: 'authorization', keys: ['*authorization*'], action: 'drop' },
  { name: 'cookie', keys: ['*cookie*'], action: 'mask' },
  { name: 'password', keys: ['*password*', '*passwd*'], action: 'mask' },
  { name: 'token', keys: ['*token*'], action: 'mask' },
  { name: 'user_agent', keys: ['user_agent.original'], action: 'mask' },
  // By value: every text that is stored is searched.
  builtInRules.email,
  builtInRules.card_number,
  builtInRules.jwt,
  // Pseudonyms: one of them hits every record, with thousands of different values.
  { name: 'client', keys: ['client.address'], action: 'pseudonymise' },
  { name: 'user', keys: ['user.id', 'enduser.*'], action: 'pseudonymise' },
]

/** Ten rules: five by key, three by value, two that pseudonymise. */
export const tenRules = createRedaction({ rules, pseudonymSecret: 'the secret of the benchmark' })
