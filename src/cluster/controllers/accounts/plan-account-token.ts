/** Decides about a secret that holds a token of a service account: filled, or removed with its account. Pure (v1.36). */
import { secrets, serviceAccounts } from '#clients/kubernetes/resources.table.ts'
import type { Secret, ServiceAccount } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { nothingToDo, type Plan } from '#kit/reconcile/plan.ts'

const tokenType = 'kubernetes.io/service-account-token'
const nameAnnotation = 'kubernetes.io/service-account.name'
const uidAnnotation = 'kubernetes.io/service-account.uid'
const claimPrefix = 'kubernetes.io/serviceaccount'

/** True for secrets that hold such a token. */
export function isAccountToken({ type }: Secret): boolean {
  return type === tokenType
}

/** The name of the account that a secret is for; '' when it says none. */
export function accountNameOf({ metadata }: Secret): string {
  return metadata.annotations?.[nameAnnotation] ?? ''
}

/** True when a secret is for this very account: by name, and by uid where it says one. */
export function isTokenOf(secret: Secret, { metadata }: ServiceAccount): boolean {
  const uid = secret.metadata.annotations?.[uidAnnotation] ?? ''
  return accountNameOf(secret) === metadata.name && (uid === '' || uid === metadata.uid)
}

/** The claims of a token that lives as long as its secret. */
export function accountClaims(secret: Secret, account: ServiceAccount): JsonObject {
  const { namespace = '', name } = secret.metadata
  return {
    iss: 'kubernetes/serviceaccount',
    [`${claimPrefix}/namespace`]: namespace,
    [`${claimPrefix}/secret.name`]: name,
    [`${claimPrefix}/service-account.name`]: account.metadata.name,
    [`${claimPrefix}/service-account.uid`]: account.metadata.uid ?? '',
    sub: `system:serviceaccount:${namespace}:${account.metadata.name}`,
  }
}

const encoded = (text: string): string => Buffer.from(text).toString('base64')

/** What a secret should hold besides its token. */
function rest({ metadata, data = {} }: Secret, authorityPem: string): Readonly<Record<string, string>> {
  const namespace = data['namespace'] ?? ''
  return {
    ...(authorityPem === '' ? {} : { 'ca.crt': encoded(authorityPem) }),
    namespace: namespace === '' ? encoded(metadata.namespace ?? '') : namespace,
  }
}

/** True when something is missing or the authority has changed. */
export function needsFilling(secret: Secret, authorityPem: string): boolean {
  const { data = {} } = secret
  const isRest = Object.entries(rest(secret, authorityPem)).every(([key, value]) => data[key] === value)
  return !isRest || (data['token'] ?? '') === ''
}

/** Fills a secret; `token` is used where it has none yet. */
export function planFilling(
  secret: Secret,
  account: ServiceAccount,
  { token, authorityPem }: { readonly token: string; readonly authorityPem: string },
): Plan {
  const known = secret.data?.['token'] ?? ''
  const annotations = {
    ...secret.metadata.annotations,
    [nameAnnotation]: account.metadata.name,
    [uidAnnotation]: account.metadata.uid ?? '',
  }
  const data = { ...secret.data, ...rest(secret, authorityPem), token: known === '' ? encoded(token) : known }
  const object = { ...secret, metadata: { ...secret.metadata, annotations }, data }
  return { subject: secret, actions: [{ do: 'update', resource: secrets, object }] }
}

/** Removes a token whose account is gone. */
export function planRemoval(secret: Secret): Plan {
  return { subject: secret, actions: [{ do: 'delete', resource: secrets, object: secret }] }
}

/** Takes a secret that is gone out of the accounts that list it. */
export function planForgetting(secretName: string, accounts: readonly ServiceAccount[]): Plan {
  const listing = accounts.filter(({ secrets: listed }) => listed?.some(({ name }) => name === secretName) === true)
  if (listing.length === 0) return nothingToDo
  return {
    actions: listing.map((account) => ({
      do: 'update',
      resource: serviceAccounts,
      object: { ...account, secrets: (account.secrets ?? []).filter(({ name }) => name !== secretName) },
    })),
  }
}
