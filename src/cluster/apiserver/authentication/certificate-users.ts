/** Whom a client certificate stands for: a user, or a front proxy that names one. Asked once for each connection. */
import { createIssuerCheck } from '#kit/tls/issuer-check.ts'
import type { User } from '../user.ts'
import { userOfCertificate } from './certificate-subject.ts'
import type { RequestHeaderConfig } from './request-header.ts'

export interface CertificateHolder {
  /** The user, where the cluster's authority issued the certificate. */
  readonly user: User | undefined
  /** True for a front proxy: what its headers say counts. */
  readonly isProxy: boolean
}

const nobody: CertificateHolder = { user: undefined, isProxy: false }

export interface CertificateAuthorities {
  /** PEM of the authority of users; only asked for where front proxies have another. */
  readonly certificateAuthority: string
  readonly requestHeader: RequestHeaderConfig | undefined
}

/** Knows the holders of the certificates of open connections. */
export class CertificateUsers {
  // Connections keep one array for their certificate, so the answer goes when they do.
  readonly #known = new WeakMap<Uint8Array, CertificateHolder>()
  readonly #isProxys: ((certificate: Uint8Array) => boolean) | undefined
  readonly #isUsers: ((certificate: Uint8Array) => boolean) | undefined
  readonly #allowedNames: readonly string[]

  constructor({ certificateAuthority, requestHeader }: CertificateAuthorities) {
    this.#isProxys = requestHeader === undefined ? undefined : createIssuerCheck(requestHeader.clientAuthorities)
    this.#isUsers =
      requestHeader === undefined || certificateAuthority === '' ? undefined : createIssuerCheck(certificateAuthority)
    this.#allowedNames = requestHeader?.allowedNames ?? []
  }

  /** The holder of a certificate (DER) whose chain the listener has checked. */
  holderOf(certificate: Uint8Array | undefined): CertificateHolder {
    if (certificate === undefined) return nobody
    let holder = this.#known.get(certificate)
    if (holder === undefined) this.#known.set(certificate, (holder = this.#read(certificate)))
    return holder
  }

  #read(certificate: Uint8Array): CertificateHolder {
    const user = userOfCertificate(certificate)
    if (this.#isProxys === undefined) return { user, isProxy: false }
    // An authority for proxies must not make users, nor the other way round.
    const isUser = this.#isUsers?.(certificate) === true
    const isAllowed = this.#allowedNames.length === 0 || this.#allowedNames.includes(user?.name ?? '')
    return { user: isUser ? user : undefined, isProxy: isAllowed && this.#isProxys(certificate) }
  }
}
