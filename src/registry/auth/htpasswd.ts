/** Accounts from an htpasswd file. Only bcrypt entries count: the older forms are not worth the name of a password hash. */
import { compare, hashSync } from 'bcryptjs'
import { Semaphore } from '#base/async/semaphore.ts'
import { digestOf } from '#base/data/digest.ts'
import type { Digest } from '#base/data/digest.ts'
import { LruCache } from '#base/data/lru-cache.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Files } from '#world/ports/files.ts'
import { randomHex } from '#world/ports/random.ts'
import type { Random } from '#world/ports/random.ts'
import { RegistryError } from '../errors.ts'
import { defaultRules, isAllowed } from './principal.ts'
import type { AccessRule, Authenticator, Principal } from './principal.ts'

/** Checks names and passwords. */
export interface PasswordFile {
  verify(account: string, password: string): Promise<boolean>
}

export interface PasswordFileDeps {
  readonly files: Files
  readonly clock: Clock
  readonly random: Random
}

const fileBytesMax = 4 << 20
const rememberedMax = 1024
const rememberedMs = 300_000
/** bcrypt takes the processor for itself: more at a time would only stall the pulls of others. */
const checksAtOnce = 2

/** Opens an htpasswd file; it is read again when it changes. */
export function openPasswordFile(deps: PasswordFileDeps, path: string): PasswordFile {
  const salt = randomHex(deps.random, 32)
  const good = new LruCache<Digest, number>({ capacity: rememberedMax })
  const checks = new Semaphore(checksAtOnce)
  let read: { readonly mtimeMs: number; readonly entries: ReadonlyMap<string, string> } | undefined
  const entries = async (): Promise<ReadonlyMap<string, string>> => {
    const { mtimeMs } = await deps.files.stat(path)
    if (read?.mtimeMs !== mtimeMs)
      read = { mtimeMs, entries: parseHtpasswd(await deps.files.readText(path, { maxBytes: fileBytesMax })) }
    return read.entries
  }
  return {
    async verify(account, password) {
      const hash = (await entries()).get(account)
      const key = digestOf(JSON.stringify([salt, account, password, hash ?? '']))
      const until = good.get(key)
      if (until !== undefined && until > deps.clock.now()) return true
      // An unknown account takes as long as a wrong password, so that names cannot be found out by time.
      const matches = await checks.run(() => compare(password, hash ?? unknownAccountHash))
      if (!matches || hash === undefined) return false
      good.set(key, deps.clock.now() + rememberedMs)
      return true
    },
  }
}

/** `name:hash` lines; entries that are not bcrypt are left out. */
export function parseHtpasswd(text: string): ReadonlyMap<string, string> {
  const entries = new Map<string, string>()
  for (const line of text.split('\n')) {
    const trimmed = line.trim()
    const colon = trimmed.indexOf(':')
    if (colon <= 0 || trimmed.startsWith('#')) continue
    const hash = trimmed.slice(colon + 1)
    if (/^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/.test(hash)) entries.set(trimmed.slice(0, colon), hash)
  }
  return entries
}

// A hash of no password that anyone could send (it is longer than bcrypt reads).
const unknownAccountHash = hashSync('\u0001'.repeat(72), 5)

/** Name and password of a Basic header (RFC 7617); undefined when there is none. */
export function parseBasic(
  authorization: string | undefined,
): { readonly account: string; readonly password: string } | undefined {
  const [, encoded] = /^basic +([A-Za-z0-9+/=_-]{1,8192})$/i.exec(authorization ?? '') ?? []
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon <= 0 ? undefined : { account: text.slice(0, colon), password: text.slice(colon + 1) }
}

export interface BasicOptions {
  readonly realm: string
  readonly rules?: readonly AccessRule[]
}

/** HTTP Basic against a password file. */
export function createBasicAuthenticator(
  passwords: PasswordFile,
  { realm, rules = defaultRules }: BasicOptions,
): Authenticator {
  const principalOf = (account: string): Principal => ({
    account,
    may: (type, name, action) => isAllowed(rules, account, { type, name, action }),
  })
  return {
    async authenticate({ authorization, scopes }) {
      const given = parseBasic(authorization)
      const isKnown = given !== undefined && (await passwords.verify(given.account, given.password))
      const principal = principalOf(isKnown ? given.account : '')
      const isEnough = scopes.every((scope) =>
        scope.actions.every((action) => principal.may(scope.type, scope.name, action)),
      )
      if (isEnough && (isKnown || scopes.length > 0) && (isKnown || given === undefined)) return principal
      if (isKnown) throw new RegistryError('DENIED', { detail: scopes })
      throw new RegistryError('UNAUTHORIZED', {
        detail: scopes.length === 0 ? null : scopes.map(toDetail),
        headers: { 'www-authenticate': `Basic realm="${realm.replaceAll(/["\\]/g, '')}"` },
      })
    },
  }
}

function toDetail({
  type,
  name,
  actions,
}: {
  readonly type: string
  readonly name: string
  readonly actions: readonly string[]
}): object {
  return { Type: type, Class: '', Name: name, Action: actions.join(',') }
}
