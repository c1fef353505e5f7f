/** Environment and arguments of a container's process. Pure. */
import type { ProcessUser } from '#engine/runtime/plan-user.ts'
import type { ContainerRecord } from './container-record.ts'

/** Where programs are looked for when the image does not say. */
export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Where `--init` puts the little process that reaps orphans and forwards signals. */
export const initPath = '/sbin/docker-init'

/** The environment as Docker builds it: defaults, then links, then the configuration, then HOME where nobody set it. */
export function planEnvironment(record: ContainerRecord, user: ProcessUser, linkEnv: readonly string[] = []): string[] {
  const { config } = record
  const given = new Set(config.Env.map((variable) => variable.split('=', 1)[0]))
  const defaults = [
    ...(given.has('PATH') ? [] : [`PATH=${defaultPath}`]),
    ...(given.has('HOSTNAME') ? [] : [`HOSTNAME=${config.Hostname}`]),
    ...(config.Tty && !given.has('TERM') ? ['TERM=xterm'] : []),
  ]
  // `-e NAME` without a value that the client did not have removes the variable.
  const set = config.Env.filter((variable) => variable.includes('='))
  return [...defaults, ...linkEnv, ...set, ...(given.has('HOME') ? [] : [`HOME=${user.home}`])]
}

/** The program and its arguments, behind the init process when that was asked for. */
export function planArguments(record: ContainerRecord): string[] {
  const own = [record.path, ...record.args]
  return record.hostConfig.Init === true ? [initPath, '--', ...own] : own
}
