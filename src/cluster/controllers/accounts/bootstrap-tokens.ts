/** The controllers of bootstrap tokens: the signer keeps the signatures of `cluster-info`, the cleaner removes what has expired. */
import { configMaps, secrets } from '#clients/kubernetes/resources.table.ts'
import { equalValues } from '#spec/kubernetes/apply/equal-values.ts'
import type { ConfigMap } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import { keyOf } from '#kit/reconcile/object-key.ts'
import { nothingToDo, type Plan } from '#kit/reconcile/plan.ts'
import { detachedSignature } from '#kit/tls/detached-signature.ts'
import type { ControllerContext } from '../controller-context.ts'
import { expiresInMs, isBootstrapToken, signingToken, tokenNamespace } from './bootstrap-secret.ts'

const infoKey = 'kube-public/cluster-info'
const signaturePrefix = 'jws-kubeconfig-'

/** Writes the signatures where they are not as they should be. */
export function planSignatures(info: ConfigMap, signatures: Readonly<Record<string, string>>): Plan {
  const kept = Object.entries(info.data ?? {}).filter(([key]) => !key.startsWith(signaturePrefix))
  const wanted = Object.entries(signatures).map(([id, signature]) => [`${signaturePrefix}${id}`, signature] as const)
  const data = Object.fromEntries([...kept, ...wanted])
  if (equalValues(data, info.data)) return nothingToDo
  const object: ConfigMap = { ...info, data }
  return { subject: info, actions: [{ do: 'update', resource: configMaps, object }] }
}

/** Starts the signer. */
export function startBootstrapSigner(context: ControllerContext): Controller {
  const maps = context.informers.of(configMaps)
  const cache = context.informers.of(secrets)
  return createController(context, {
    name: 'bootstrap-signer',
    watches: [
      watch(maps, ({ object }) => (keyOf(object) === infoKey ? [infoKey] : [])),
      watch(cache, ({ object }) => (isBootstrapToken(object) ? [infoKey] : [])),
    ],
    workers: 1,
    reconcile: () => {
      const info = maps.get(infoKey)
      const text = info?.data?.['kubeconfig']
      if (info === undefined || text === undefined) return nothingToDo
      const nowMs = context.clock.now()
      const tokens = cache.list(tokenNamespace).filter(isBootstrapToken)
      const signatures: Record<string, string> = {}
      for (const token of tokens.flatMap((secret) => signingToken(secret, nowMs) ?? []))
        signatures[token.id] = detachedSignature(text, token)
      return planSignatures(info, signatures)
    },
  })
}

/** Starts the cleaner. */
export function startTokenCleaner(context: ControllerContext): Controller {
  const cache = context.informers.of(secrets)
  return createController(context, {
    name: 'token-cleaner',
    watches: [
      watch(cache, ({ type, object }) => (type !== 'deleted' && isBootstrapToken(object) ? [keyOf(object)] : [])),
    ],
    reconcile: (key): Plan => {
      const secret = cache.get(key)
      if (secret === undefined || !isBootstrapToken(secret)) return nothingToDo
      const leftMs = expiresInMs(secret, context.clock.now())
      if (leftMs === Infinity) return nothingToDo
      if (leftMs > 0) return { lookAgainAfterMs: leftMs }
      return { subject: secret, actions: [{ do: 'delete', resource: secrets, object: secret }] }
    },
  })
}
