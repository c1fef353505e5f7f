/** ServiceAccount: pods run as an account that exists, with its token mounted and its pull secrets. */
import type { Pod, ServiceAccount } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { type ApiObject, listAt, objectAt, textAt } from '../api-object.ts'
import { tokenVolumePrefix } from '../cluster-view.ts'
import { forbidden, unexplained } from '../status-errors.ts'
import type { AdmissionRequest, AdmissionStep } from './admission.ts'
import { isPodCreate } from './pod-requests.ts'
import { mentionedName } from './mentioned-name.ts'
import { ephemeralSecretProblem, mirrorProblem, secretProblem } from './mountable-secrets.ts'

const tokenPath = '/var/run/secrets/kubernetes.io/serviceaccount'
/** Upstream asks for an hour and seven seconds: tokens of this life are extended for old clients. */
const tokenSeconds = 3607
const mirrorAnnotation = 'kubernetes.io/config.mirror'

export const serviceAccount: AdmissionStep = {
  name: 'ServiceAccount',
  applies: (resource, operation, subresource) =>
    isPodCreate(resource, operation, subresource) || isDebugging(resource, operation, subresource),
  mutate: async (request, pod) => {
    if (request.operation === 'CREATE' && !isMirror(pod)) return withAccount(request, pod)
    await check(request, pod)
    return pod
  },
  validate: (request) => (request.object === undefined ? undefined : check(request, request.object)),
}

const isDebugging: AdmissionStep['applies'] = ({ group, resource }, operation, subresource) =>
  group === '' && resource === 'pods' && subresource === 'ephemeralcontainers' && operation === 'UPDATE'

function isMirror({ metadata }: ApiObject): boolean {
  return metadata.annotations?.[mirrorAnnotation] !== undefined
}

async function withAccount(request: AdmissionRequest, pod: ApiObject): Promise<ApiObject> {
  const spec = objectAt(pod, 'spec')
  const name = textAt(spec, 'serviceAccountName') || 'default'
  const account = await findAccount(request, name)
  const named = { ...spec, serviceAccountName: name, serviceAccount: name }
  const withToken = wantsToken(spec, account) ? mountToken(named, request) : named
  const secrets = listAt(spec, 'imagePullSecrets').length > 0 ? spec['imagePullSecrets'] : account['imagePullSecrets']
  const made = { ...pod, spec: { ...withToken, ...(secrets === undefined ? {} : { imagePullSecrets: secrets }) } }
  checkSecrets(request, made as unknown as Pod, account)
  return made
}

/** At once where the account is at hand. @throws 403 for what a pod may not use. */
function check(request: AdmissionRequest, object: ApiObject): void | Promise<void> {
  const pod = object as unknown as Pod
  if (request.operation === 'CREATE' && isMirror(object)) {
    const problem = mirrorProblem(pod)
    if (problem !== undefined) throw refuse(request, problem)
    return undefined
  }
  const name = pod.spec.serviceAccountName ?? ''
  const account = request.view.find('/serviceaccounts', request.namespace, name)
  if (account !== undefined) return checkSecrets(request, pod, account)
  return findAccount(request, name).then((found) => checkSecrets(request, pod, found))
}

/** @throws 403; of an ephemeral container 500, as upstream words it. */
function checkSecrets(request: AdmissionRequest, pod: Pod, object: ApiObject): void {
  const account = object as unknown as ServiceAccount
  if (request.operation === 'CREATE') {
    const problem = secretProblem(account, pod)
    if (problem !== undefined) throw refuse(request, problem)
    return
  }
  const problem = ephemeralSecretProblem(account, pod)
  if (problem !== undefined) throw unexplained(problem)
}

function refuse(request: AdmissionRequest, why: string): Error {
  return forbidden({ group: '', resource: 'pods', name: mentionedName(request) }, why)
}

async function findAccount(request: AdmissionRequest, name: string): Promise<ApiObject> {
  const { view, namespace } = request
  const found =
    view.find('/serviceaccounts', namespace, name) ?? (await view.findNewest('/serviceaccounts', namespace, name))
  if (found !== undefined) return found
  const why = `error looking up service account ${namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`
  throw refuse(request, why)
}

function wantsToken(spec: JsonObject, account: ApiObject): boolean {
  const own = spec['automountServiceAccountToken']
  if (typeof own === 'boolean') return own
  return account['automountServiceAccountToken'] !== false
}

function tokenVolume(name: string): JsonObject {
  const sources = [
    { serviceAccountToken: { expirationSeconds: tokenSeconds, path: 'token' } },
    { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    {
      downwardAPI: {
        items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
      },
    },
  ]
  return { name, projected: { sources, defaultMode: 420 } }
}

/** Mounts the token into every container that has nothing at its place yet. */
function mountToken(spec: JsonObject, { view }: AdmissionRequest): JsonObject {
  const volumes = listAt(spec, 'volumes')
  const known = volumes.find((volume) => textAt(volume, 'name').startsWith(tokenVolumePrefix))
  const name = known === undefined ? view.tokenVolumeName : textAt(known, 'name')
  let isUsed = false
  const mount = (container: JsonObject): JsonObject => {
    const mounts = listAt(container, 'volumeMounts')
    if (mounts.some((one) => one['mountPath'] === tokenPath)) return container
    isUsed = true
    return { ...container, volumeMounts: [...mounts, { name, readOnly: true, mountPath: tokenPath }] }
  }
  const out: Record<string, unknown> = { ...spec }
  for (const list of ['initContainers', 'containers'])
    if (spec[list] !== undefined) out[list] = listAt(spec, list).map(mount)
  return isUsed && known === undefined ? { ...out, volumes: [...volumes, tokenVolume(name)] } : out
}
