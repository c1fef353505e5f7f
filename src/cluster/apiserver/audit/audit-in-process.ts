/** The audit of calls that come from this process (controllers, scheduler) without a wire. */
import { randomUuid } from '#world/ports/random.ts'
import type { ApiAnswer, ApiVerb } from '../api-request.ts'
import type { User } from '../user.ts'
import type { RequestInfo } from '../request-info.ts'
import type { ServerParts } from '../server-parts.ts'
import { toStatus } from '../status-errors.ts'
import { auditAnswer } from './audit-objects.ts'
import { type Audit, startTrail } from './audit-trail.ts'

export interface InProcessCall {
  readonly user: User
  readonly verb: ApiVerb
  readonly info: Omit<RequestInfo, 'verb' | 'isResource' | 'tail'>
  /** What was sent. */
  readonly value: unknown
}

/** Runs a call and records it where a policy asks for that. */
export async function auditedInProcess(
  parts: ServerParts,
  call: InProcessCall,
  run: () => Promise<ApiAnswer>,
): Promise<ApiAnswer> {
  return parts.audit === undefined ? run() : record(parts, { audit: parts.audit, call }, run)
}

async function record(
  parts: ServerParts,
  { audit, call }: { readonly audit: Audit; readonly call: InProcessCall },
  run: () => Promise<ApiAnswer>,
): Promise<ApiAnswer> {
  const { user, verb, value } = call
  const path = pathOf(call.info)
  const trail = startTrail(audit, parts.clock, {
    http: {
      target: path,
      path,
      headers: { 'user-agent': `${user.name.slice(user.name.lastIndexOf(':') + 1)}/gantry` },
      peer: { address: '', port: 0, certificate: undefined },
    },
    info: { ...call.info, verb, isResource: true, tail: '' },
    user,
    auditId: randomUuid(parts.random),
    isLong: false,
  })
  await trail?.received()
  if (value !== undefined) trail?.request(value)
  try {
    const answer = await run()
    if (trail !== undefined) auditAnswer(trail, answer)
    trail?.begin(answer.form === 'list' ? 200 : answer.code)
    return answer
  } catch (error) {
    const status = toStatus(error)
    trail?.fail(status)
    trail?.begin(status.code ?? 500)
    throw error
  } finally {
    trail?.end()
  }
}

function pathOf({ group, version, namespace, resource, name, subresource }: InProcessCall['info']): string {
  const root = group === '' ? ['api', version] : ['apis', group, version]
  const place = namespace === '' || resource === 'namespaces' ? [] : ['namespaces', namespace]
  return `/${[...root, ...place, resource, name, subresource].filter((part) => part !== '').join('/')}`
}
