/** A KMS plugin as calls (kms/apis/v2 KeyManagementService); how it is reached is for others to say. */
import { GrpcFailure } from '#kit/grpc/grpc-failure.ts'
import type { Clock } from '#world/ports/clock.ts'
import { randomUuid, type Random } from '#world/ports/random.ts'
import {
  decodeDecrypted,
  decodeEncrypted,
  decodeStatus,
  encodeDecrypt,
  encodeEncrypt,
  type KmsStatus,
  type SealedSecret,
} from './kms-messages.ts'
import type { KmsMeter } from './kms-meter.ts'

/** A way to a plugin: one message out, one in. */
export interface KmsLink extends Disposable {
  /** @throws GrpcFailure, also when there is no answer in time. */
  call(method: string, message: Uint8Array): Promise<Uint8Array>
}

/** Where a plugin listens and how long it may take. */
export interface KmsTarget {
  readonly name: string
  /** `unix:///PATH`, or `unix:///@NAME` for an abstract socket. */
  readonly endpoint: string
  readonly timeoutMs: number
}

/** Makes the way to a plugin; nothing is connected before the first call. */
export type ConnectKms = (target: KmsTarget) => KmsLink

const service = '/v2.KeyManagementService'

/** Names of gRPC's statuses by their numbers. */
const statusNames = (
  'OK Canceled Unknown InvalidArgument DeadlineExceeded NotFound AlreadyExists PermissionDenied ResourceExhausted ' +
  'FailedPrecondition Aborted OutOfRange Unimplemented Internal Unavailable DataLoss Unauthenticated'
).split(' ')

interface KmsPluginDeps {
  readonly link: KmsLink
  readonly clock: Clock
  readonly random: Random
  readonly meter: KmsMeter
}

/** A plugin. Its calls throw what the link throws, or for an answer that is none. */
export class KmsPlugin {
  readonly #deps: KmsPluginDeps

  constructor(deps: KmsPluginDeps) {
    this.#deps = deps
  }

  async status(): Promise<KmsStatus> {
    return decodeStatus(await this.#call('Status', Buffer.alloc(0)))
  }

  async encrypt(plaintext: Uint8Array): Promise<SealedSecret> {
    const request = encodeEncrypt(randomUuid(this.#deps.random), plaintext)
    return decodeEncrypted(await this.#call('Encrypt', request))
  }

  async decrypt(secret: SealedSecret): Promise<Uint8Array> {
    const request = encodeDecrypt(randomUuid(this.#deps.random), secret)
    return decodeDecrypted(await this.#call('Decrypt', request))
  }

  async #call(name: string, message: Uint8Array): Promise<Uint8Array> {
    const { link, clock, meter } = this.#deps
    const method = `${service}/${name}`
    const startMs = clock.monotonicMs()
    const finish = (status: string): void => meter.called(method, status, clock.monotonicMs() - startMs)
    try {
      const answer = await link.call(method, message)
      finish('OK')
      return answer
    } catch (error) {
      finish((error instanceof GrpcFailure ? statusNames[error.status] : undefined) ?? 'Unknown')
      throw error
    }
  }
}
