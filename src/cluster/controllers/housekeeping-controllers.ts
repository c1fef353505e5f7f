/** The controllers of certificates, roles, tokens and service addresses: what a cluster needs besides its workloads. */
import type { IssuedCertificate } from '#kit/tls/issue-certificate.ts'
import { type AccountTokensConfig, startAccountTokens } from './accounts/account-tokens.ts'
import { startBootstrapSigner, startTokenCleaner } from './accounts/bootstrap-tokens.ts'
import { startLegacyTokenCleaner, startTokenTracking } from './accounts/legacy-tokens.ts'
import { createTokenUse, type TokenUse } from './accounts/token-use.ts'
import { startRequestApprover, startRequestCleaner, startRequestSigner } from './certificates/certificates.ts'
import type { ControllerRow } from './controller-row.ts'
import { startDeviceTaintEviction } from './devices/device-taint-eviction.ts'
import { startClaimRelease, startPodClaims } from './devices/resource-claims.ts'
import { startServiceAddresses } from './networking/service-addresses.ts'
import { startServiceCidrs } from './networking/service-cidr.ts'
import { startPolicyStatusController } from './policies/policy-status.ts'
import { startQuotaController } from './quota/quota.ts'
import { startRoleAggregation } from './roles/aggregate-roles.ts'

export interface HousekeepingConfig {
  /** Signs what the built-in signers are asked for; asked for at the first request. Nothing is signed without it. */
  readonly signingAuthority?: () => IssuedCertificate
  /** Fills secrets with tokens of service accounts; none are filled without it. */
  readonly accountTokens?: AccountTokensConfig
  /** Tells which tokens of secrets are used. */
  readonly tokenUse?: TokenUse
}

/** The rows of `controllers.ts`. */
export function housekeepingControllers(config: HousekeepingConfig): readonly ControllerRow[] {
  return [...certificateRows(config), ...tokenRows(config), ...otherRows]
}

const csr = (what: string): string => `certificatesigningrequest-${what}-controller`

function certificateRows({ signingAuthority }: HousekeepingConfig): readonly ControllerRow[] {
  const certificates = { account: 'certificate-controller', component: 'certificate-controller' }
  return [
    { ...certificates, name: csr('approving'), start: startRequestApprover },
    ...(signingAuthority === undefined
      ? []
      : [
          {
            ...certificates,
            name: csr('signing'),
            start: (context) => startRequestSigner(context, signingAuthority),
          } satisfies ControllerRow,
        ]),
    { ...certificates, name: csr('cleaner'), start: startRequestCleaner },
  ]
}

const apiServer = { name: 'system:apiserver', groups: ['system:masters'] }

function tokenRows({ accountTokens, tokenUse = createTokenUse() }: HousekeepingConfig): readonly ControllerRow[] {
  const cleaner = 'legacy-service-account-token-cleaner'
  const rows: ControllerRow[] = [
    {
      name: 'token-cleaner-controller',
      account: 'token-cleaner',
      component: 'token-cleaner',
      start: startTokenCleaner,
    },
    {
      name: 'bootstrap-signer-controller',
      account: 'bootstrap-signer',
      component: 'bootstrap-signer',
      start: startBootstrapSigner,
    },
    {
      name: 'legacy-serviceaccount-token-cleaner-controller',
      account: cleaner,
      component: cleaner,
      start: startLegacyTokenCleaner,
    },
  ]
  if (accountTokens !== undefined) {
    const component = 'serviceaccount-token-controller'
    // The tokens of all accounts cannot depend on the token of one.
    const user = { name: 'system:kube-controller-manager', groups: ['system:authenticated'] }
    rows.push(
      { account: component, component, user, start: (context) => startAccountTokens(context, accountTokens) },
      {
        account: component,
        component: 'legacy-token-tracking',
        user: apiServer,
        start: (context) => startTokenTracking(context, tokenUse),
      },
    )
  }
  return rows
}

const claims = { name: 'resourceclaim-controller', account: 'resource-claim-controller', component: 'resource_claim' }

const policyStatus = 'validatingadmissionpolicy-status-controller'

const otherRows: readonly ControllerRow[] = [
  { ...claims, start: startPodClaims },
  { ...claims, start: startClaimRelease },
  {
    account: 'device-taint-eviction-controller',
    component: 'device-taint-eviction-controller',
    start: startDeviceTaintEviction,
  },
  {
    account: 'clusterrole-aggregation-controller',
    component: 'clusterrole-aggregation-controller',
    start: startRoleAggregation,
  },
  { account: 'resourcequota-controller', component: 'resourcequota-controller', start: startQuotaController },
  { account: policyStatus, component: policyStatus, start: startPolicyStatusController },
  { account: 'service-cidrs-controller', component: 'service-cidr-controller', start: startServiceCidrs },
  {
    account: 'service-cidrs-controller',
    component: 'ipallocator-repair-controller',
    user: apiServer,
    start: startServiceAddresses,
  },
]
