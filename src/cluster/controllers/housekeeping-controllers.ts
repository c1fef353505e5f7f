/** The controllers of certificates, roles, tokens and service addresses: what a cluster needs besides its workloads. */
import type { IssuedCertificate } from '#kit/tls/issue-certificate.ts'
import { startRequestApprover, startRequestCleaner, startRequestSigner } from './certificates/certificates.ts'
import type { ControllerRow } from './controller-row.ts'
import { startServiceAddresses } from './networking/service-addresses.ts'
import { startServiceCidrs } from './networking/service-cidr.ts'
import { startRoleAggregation } from './roles/aggregate-roles.ts'

export interface HousekeepingConfig {
  /** Signs what the built-in signers are asked for; asked for at the first request. Nothing is signed without it. */
  readonly signingAuthority?: () => IssuedCertificate
}

/** The rows of `controllers.ts`. */
export function housekeepingControllers({ signingAuthority }: HousekeepingConfig): readonly ControllerRow[] {
  const certificates = { account: 'certificate-controller', component: 'certificate-controller' }
  return [
    { ...certificates, start: startRequestApprover },
    ...(signingAuthority === undefined
      ? []
      : [
          {
            ...certificates,
            start: (context) => startRequestSigner(context, signingAuthority),
          } satisfies ControllerRow,
        ]),
    { ...certificates, start: startRequestCleaner },
    {
      account: 'clusterrole-aggregation-controller',
      component: 'clusterrole-aggregation-controller',
      start: startRoleAggregation,
    },
    { account: 'service-cidrs-controller', component: 'service-cidr-controller', start: startServiceCidrs },
    {
      account: 'service-cidrs-controller',
      component: 'ipallocator-repair-controller',
      user: { name: 'system:apiserver', groups: ['system:masters'] },
      start: startServiceAddresses,
    },
  ]
}
