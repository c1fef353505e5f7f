/** The controllers of certificate signing requests: one approves kubelets', one signs what is approved, one clears away. */
import { certificateSigningRequests, subjectAccessReviews } from '#clients/kubernetes/resources.table.ts'
import type { CertificateSigningRequest } from '#spec/kubernetes/objects/certificates-v1.generated.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import { executePlan } from '#kit/reconcile/execute-plan.ts'
import { nothingToDo } from '#kit/reconcile/plan.ts'
import { certificateEndMs } from '#kit/tls/certificate-subject.ts'
import { parseSigningRequest, type SigningRequest } from '#kit/tls/certificate-request.ts'
import type { IssuedCertificate } from '#kit/tls/issue-certificate.ts'
import { signRequest } from '#kit/tls/sign-request.ts'
import type { ControllerContext } from '../controller-context.ts'
import {
  awaitsSigning,
  isSpent,
  isUndecided,
  lifetimeMs,
  planApproval,
  planCertificate,
  planFailure,
  recognise,
  reviewOf,
  signerFault,
} from './plan-request.ts'

const yearMs = 365 * 86_400_000
const cleanEveryMs = 3_600_000
const retry = { retryFirstMs: 200 }

/** The request inside; undefined, and told to the log, when there is none. */
function requestIn(csr: CertificateSigningRequest, { log }: ControllerContext): SigningRequest | undefined {
  try {
    return parseSigningRequest(Buffer.from(csr.spec.request, 'base64').toString('latin1'))
  } catch (error) {
    if (!(error instanceof GantryError)) throw error
    log.warn('unable to parse csr', { csr: csr.metadata.name, error })
    return undefined
  }
}

/** Starts the approver: requests of kubelets whose author has the right to make them. */
export function startRequestApprover(context: ControllerContext): Controller {
  const cache = context.informers.of(certificateSigningRequests)
  const isAllowed = async (review: object): Promise<boolean> => {
    const answer = await context.client.create(subjectAccessReviews, review as never)
    return answer.status?.allowed === true
  }
  return createController(context, {
    name: 'csrapproving',
    watches: [watch(cache, ({ object }) => (isUndecided(object) ? [object.metadata.name] : []))],
    queue: retry,
    reconcile: async (name) => {
      const csr = cache.get(name)
      if (csr === undefined || !isUndecided(csr)) return nothingToDo
      const request = requestIn(csr, context)
      for (const recognised of request === undefined ? [] : recognise(csr, request)) {
        if (await isAllowed(reviewOf(csr, recognised))) return planApproval(csr, recognised, context.clock.now())
      }
      return nothingToDo
    },
  })
}

/** Starts the four built-in signers. Certificates are good for a year at most. */
export function startRequestSigner(context: ControllerContext, authority: () => IssuedCertificate): Controller {
  const cache = context.informers.of(certificateSigningRequests)
  return createController(context, {
    name: 'csrsigning',
    watches: [watch(cache, ({ object }) => (awaitsSigning(object) ? [object.metadata.name] : []))],
    queue: retry,
    reconcile: (name) => {
      const csr = cache.get(name)
      if (csr === undefined || !awaitsSigning(csr)) return nothingToDo
      const request = requestIn(csr, context)
      if (request === undefined) return nothingToDo
      const fault = signerFault(csr, request)
      if (fault !== undefined) return planFailure(csr, fault, context.clock.now())
      if (!request.isSignatureValid) {
        context.log.warn('unable to verify certificate request signature', { csr: name })
        return nothingToDo
      }
      const terms = { usages: csr.spec.usages ?? [], lifetimeMs: lifetimeMs(csr, yearMs) }
      return planCertificate(csr, signRequest(context, authority(), { request, terms }))
    },
  })
}

/** Starts the cleaner: every hour, requests that nobody needs any more. */
export function startRequestCleaner(context: ControllerContext): Controller {
  const cache = context.informers.of(certificateSigningRequests)
  return createController(context, {
    name: 'csrcleaner',
    watches: [watch(cache, () => [])],
    initialKeys: ['all requests'],
    workers: 1,
    reconcile: async () => {
      const nowMs = context.clock.now()
      const endOf = ({ status }: CertificateSigningRequest): number | undefined =>
        certificateEndMs(Buffer.from(status?.certificate ?? '', 'base64'))
      const spent = cache.list().filter((csr) => isSpent(csr, { nowMs, endMs: endOf(csr) }))
      for (const object of spent)
        await executePlan({ actions: [{ do: 'delete', resource: certificateSigningRequests, object }] }, context).catch(
          (error: unknown) => context.log.warn('request not cleaned', { csr: object.metadata.name, error }),
        )
      return { lookAgainAfterMs: cleanEveryMs }
    },
  })
}
