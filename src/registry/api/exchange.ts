/** What every handler of the registry's API gets, and the small things they all do with it. */
import type { HttpRequest, HttpResponse } from '#kit/http/exchange.ts'
import type { Digest } from '#base/data/digest.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { RegistryStorage } from '../storage/storage.ts'
import type { StoredManifest } from '../storage/repositories.ts'
import { RegistryError } from '../errors.ts'
import { checkName } from './names.ts'

/** Where content comes from that the registry does not have: another registry that it stands in front of. */
export interface Upstream {
  /** The manifest as it is now, stored here by then; undefined when the upstream does not have it. */
  manifest(
    name: string,
    reference: { readonly digest: Digest } | { readonly tag: string },
    signal: AbortSignal,
  ): Promise<StoredManifest | undefined>
  /** Fetches a blob into the storage; false when the upstream does not have it. */
  blob(name: string, digest: Digest, signal: AbortSignal): Promise<boolean>
}

export interface RegistryContext {
  readonly clock: Clock
  readonly storage: RegistryStorage
  readonly upstream: Upstream | undefined
  readonly deleteEnabled: boolean
  readonly readOnly: boolean
  readonly counters: { sent(bytes: number): void; received(bytes: number): void }
}

export interface RegistryExchange extends RegistryContext {
  readonly request: HttpRequest
  readonly response: HttpResponse
  /** May this client also read that repository (for mounts)? */
  readonly mayPull: (repository: string) => boolean
}

export type RegistryHandler = (exchange: RegistryExchange) => Promise<void>

/** The repository that the path names. */
export function nameOf({ request }: RegistryExchange): string {
  return checkName(request.params['name'])
}

/** A single value of a header. */
export function headerOf(request: HttpRequest, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}

/** Throws UNSUPPORTED for a change to a registry that takes none. */
export function assertWritable(exchange: RegistryExchange): void {
  if (exchange.readOnly || exchange.upstream !== undefined) throw new RegistryError('UNSUPPORTED')
}

/** Throws UNSUPPORTED when deletion is switched off. */
export function assertDeletable(exchange: RegistryExchange): void {
  assertWritable(exchange)
  if (!exchange.deleteEnabled) throw new RegistryError('UNSUPPORTED')
}

/** True when the client has this content already. */
export function isUnmodified(request: HttpRequest, digest: Digest): boolean {
  const wanted = headerOf(request, 'if-none-match')
  return (
    wanted?.split(',').some((tag) => [`"${digest}"`, digest, '*'].includes(tag.trim().replace(/^W\//, ''))) ?? false
  )
}
