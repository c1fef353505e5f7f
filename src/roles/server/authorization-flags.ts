/** Who is asked whether a request may pass, by kube-apiserver's flags; pure. */
import type { ConfiguredAuthorizer } from '#cluster/apiserver/authorization/authorization-config.ts'
import { builtInAuthorizerTypes } from '#cluster/apiserver/authorization/built-in-authorizers.ts'
import { parseGoDurationMs } from '#base/data/duration.ts'

/** Paths are absolute. */
export interface AuthorizationFlags {
  /** Undefined: the usual ones. */
  readonly modes: readonly string[] | undefined
  readonly webhookFile: string | undefined
  readonly webhookVersion: 'v1' | 'v1beta1' | undefined
  readonly authorizedKeepMs: number | undefined
  readonly unauthorizedKeepMs: number | undefined
  /** Says what the others say, and more; none of them goes with it. */
  readonly file: string | undefined
}

export const defaultAuthorization: AuthorizationFlags = {
  modes: undefined,
  webhookFile: undefined,
  webhookVersion: undefined,
  authorizedKeepMs: undefined,
  unauthorizedKeepMs: undefined,
  file: undefined,
}

export const authorizationHelp = `      --authorization-mode LIST     Who is asked, in this order: Node, RBAC, Webhook, AlwaysAllow, AlwaysDeny (default Node,RBAC)
      --authorization-webhook-config-file FILE
                            Ask the server of this kubeconfig where the mode is Webhook
      --authorization-webhook-version V             v1 or v1beta1 (default v1beta1)
      --authorization-webhook-cache-authorized-ttl T, --authorization-webhook-cache-unauthorized-ttl T
                            Remember its answers (default 5m and 30s)
      --authorization-config FILE   Who is asked, in a file that is followed (AuthorizationConfiguration, apiserver.config.k8s.io/v1)
`

type Read = (
  value: string,
  so: AuthorizationFlags,
  absolute: (path: string) => string,
) => AuthorizationFlags | undefined

function duration(value: string): number | undefined {
  try {
    const durationMs = parseGoDurationMs(value)
    return durationMs < 0 ? undefined : durationMs
  } catch {
    return undefined
  }
}

const keepTime =
  (member: 'authorizedKeepMs' | 'unauthorizedKeepMs'): Read =>
  (value, so) => {
    const keepMs = duration(value)
    return keepMs === undefined ? undefined : { ...so, [member]: keepMs }
  }

/** What each flag's value changes; undefined for a value that it cannot have. */
export const authorizationReaders: Readonly<Record<string, Read>> = {
  '--authorization-mode': (value, so) => ({ ...so, modes: value.split(',').map((mode) => mode.trim()) }),
  '--authorization-webhook-config-file': (value, so, absolute) => ({ ...so, webhookFile: absolute(value) }),
  '--authorization-webhook-version': (value, so) =>
    value === 'v1' || value === 'v1beta1' ? { ...so, webhookVersion: value } : undefined,
  '--authorization-webhook-cache-authorized-ttl': keepTime('authorizedKeepMs'),
  '--authorization-webhook-cache-unauthorized-ttl': keepTime('unauthorizedKeepMs'),
  '--authorization-config': (value, so, absolute) => ({ ...so, file: absolute(value) }),
}

const knownModes: readonly string[] = [...builtInAuthorizerTypes, 'Webhook']

/** What the flags cannot mean, in upstream's words; undefined when they are fine. */
export function authorizationProblem({ file, ...older }: AuthorizationFlags): string | undefined {
  const { modes = usualModes, webhookFile } = older
  if (file !== undefined) {
    const isSaidTwice = Object.values(older).some((value) => value !== undefined)
    return isSaidTwice
      ? '--authorization-config can not be specified when --authorization-mode or --authorization-webhook-* flags are defined'
      : undefined
  }
  const unknown = modes.find((mode) => !knownModes.includes(mode))
  if (unknown !== undefined) return `authorization-mode ${JSON.stringify(unknown)} is not a valid mode`
  if (new Set(modes).size < modes.length) {
    const shown = modes.map((mode) => JSON.stringify(mode)).join(' ')
    return `authorization-mode [${shown}] has mode specified more than once`
  }
  if (modes.includes('Webhook') && webhookFile === undefined)
    return "authorization-mode Webhook's authorization config file not passed"
  if (!modes.includes('Webhook') && webhookFile !== undefined)
    return 'cannot specify --authorization-webhook-config-file without mode Webhook'
  return undefined
}

const usualModes: readonly string[] = ['Node', 'RBAC']
const webhookTimeoutMs = 30_000
const authorizedKeepMsDefault = 300_000
const unauthorizedKeepMsDefault = 30_000

/** What the older flags say, as the file would. */
export function authorizersOfFlags(flags: AuthorizationFlags): readonly ConfiguredAuthorizer[] {
  const webhook = {
    kubeconfigPath: flags.webhookFile ?? '',
    timeoutMs: webhookTimeoutMs,
    version: flags.webhookVersion ?? 'v1beta1',
    authorizedKeepMs: flags.authorizedKeepMs ?? authorizedKeepMsDefault,
    unauthorizedKeepMs: flags.unauthorizedKeepMs ?? unauthorizedKeepMsDefault,
    failurePolicy: 'NoOpinion' as const,
    conditions: [],
  }
  return (flags.modes ?? usualModes).map((type) =>
    type === 'Webhook' ? { type, name: 'default', webhook } : { type, name: type.toLowerCase() },
  )
}
