/** The `Available` condition of API services. */
import type { APIService, APIServiceCondition } from '#spec/kubernetes/objects/apiregistration-v1.generated.ts'

export type Verdict = Pick<APIServiceCondition, 'status' | 'reason' | 'message'>

export const servedHere: Verdict = {
  status: 'True',
  reason: 'Local',
  message: 'Local APIServices are always available',
}

/** The service with the verdict, undefined when it says so already. */
export function withVerdict(service: APIService, verdict: Verdict, now: string): APIService | undefined {
  const conditions = service.status?.conditions ?? []
  const old = conditions.find(({ type }) => type === 'Available')
  const { status, reason = '', message = '' } = verdict
  if (old?.status === status && old.reason === reason && old.message === message) return undefined
  const lastTransitionTime = since(old, status) ?? now
  const condition = { type: 'Available', status, lastTransitionTime, reason, message }
  const others = conditions.filter((one) => one !== old)
  return { ...service, status: { ...service.status, conditions: [...others, condition] } }
}

function since(old: APIServiceCondition | undefined, status: string): string | undefined {
  return old?.status === status ? old.lastTransitionTime : undefined
}
