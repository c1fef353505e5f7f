/** Steps about certificate requests: approving, signing, and whom nobody may ask to become. */
import { parseSigningRequest } from '#kit/tls/certificate-request.ts'
import type { Access, Authorizer } from '../authorization/access.ts'
import { equalJson, listAt, objectAt, textAt } from '../api-object.ts'
import { forbidden } from '../status-errors.ts'
import type { AdmissionRequest, AdmissionStep } from './admission.ts'
import { mentionedName } from './mentioned-name.ts'

const group = 'certificates.k8s.io'
const resourceName = 'certificatesigningrequests'

function isOf(subresource: string): AdmissionStep['applies'] {
  return (resource, operation, sub) =>
    resource.group === group && resource.resource === resourceName && sub === subresource && operation === 'UPDATE'
}

/** A right on a signer is a right on its name or on its whole domain. */
async function checkSigner(authorizer: Authorizer, request: AdmissionRequest, verb: 'approve' | 'sign'): Promise<void> {
  const signer = textAt(request.old, 'spec', 'signerName')
  const ask = async (name: string): Promise<boolean> => {
    const access: Access = {
      user: request.user,
      verb,
      isResource: true,
      group,
      resource: 'signers',
      subresource: '',
      namespace: '',
      name,
      path: '',
    }
    return (await authorizer.decide(access)).allowed
  }
  if ((await ask(signer)) || (await ask(`${signer.split('/', 1)[0] ?? ''}/*`))) return
  const why = `user not permitted to ${verb} requests with signerName ${JSON.stringify(signer)}`
  throw forbidden({ group, resource: resourceName, name: mentionedName(request) }, why)
}

export function certificateApproval(authorizer: Authorizer): AdmissionStep {
  return {
    name: 'CertificateApproval',
    applies: isOf('approval'),
    validate: (request) => checkSigner(authorizer, request, 'approve'),
  }
}

export function certificateSigning(authorizer: Authorizer): AdmissionStep {
  return {
    name: 'CertificateSigning',
    applies: isOf('status'),
    validate: (request) => {
      const certificate = (object: unknown): unknown => objectAt(object, 'status')['certificate']
      const failed = (object: unknown): unknown =>
        listAt(object, 'status', 'conditions').filter((one) => one['type'] === 'Failed')
      const isSigned = certificate(request.object) !== certificate(request.old)
      const isChanged = isSigned || !equalJson(failed(request.object), failed(request.old))
      return isChanged ? checkSigner(authorizer, request, 'sign') : undefined
    },
  }
}

/** Nobody gets a certificate for the group that is above all roles from the API's own client signer. */
export const certificateSubjectRestriction: AdmissionStep = {
  name: 'CertificateSubjectRestriction',
  applies: (resource, operation, sub) =>
    resource.group === group && resource.resource === resourceName && sub === '' && operation === 'CREATE',
  validate: ({ object, name }) => {
    if (textAt(object, 'spec', 'signerName') !== 'kubernetes.io/kube-apiserver-client') return
    if (!organizationsIn(textAt(object, 'spec', 'request')).includes('system:masters')) return
    const why = 'use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed'
    throw forbidden({ group, resource: resourceName, name }, why)
  },
}

/** The groups that a request (base64 of PEM) asks for; what cannot be read is refused by validation or never signed. */
function organizationsIn(encoded: string): readonly string[] {
  try {
    return parseSigningRequest(Buffer.from(encoded, 'base64').toString('latin1')).subject.organizations
  } catch {
    return []
  }
}
