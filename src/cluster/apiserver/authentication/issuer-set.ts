/** The issuers whose tokens a server believes, which may change while it runs. */
import type { User } from '../user.ts'
import type { CompiledIssuer } from './compile-issuer.ts'
import type { TokenAuthenticator } from './jwt-issuer.ts'

export class IssuerSet implements TokenAuthenticator {
  readonly #open: (issuer: CompiledIssuer) => TokenAuthenticator
  #authenticators: readonly TokenAuthenticator[] = []

  constructor(open: (issuer: CompiledIssuer) => TokenAuthenticator, issuers: readonly CompiledIssuer[]) {
    this.#open = open
    this.use(issuers)
  }

  /** Believes these from now on, with keys that are fetched anew. */
  use(issuers: readonly CompiledIssuer[]): void {
    this.#authenticators = issuers.map(this.#open)
  }

  async userOf(token: string): Promise<User | undefined> {
    for (const authenticator of this.#authenticators) {
      const user = await authenticator.userOf(token)
      if (user !== undefined) return user
    }
    return undefined
  }
}
