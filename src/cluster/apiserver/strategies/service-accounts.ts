/** Service accounts: of the secrets that they name only the names count. */
import { type ApiObject, listAt } from '../api-object.ts'
import type { Strategy } from './strategy.ts'

export const serviceAccountStrategy: Partial<Strategy> = {
  prepareCreate: withSecretNames,
  prepareUpdate: withSecretNames,
}

function withSecretNames(account: ApiObject): ApiObject {
  const secrets = listAt(account, 'secrets')
  if (secrets.length === 0) return account
  return { ...account, secrets: secrets.map(({ name }) => (name === undefined ? {} : { name })) }
}
