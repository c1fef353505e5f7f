/** Reaches KMS plugins by gRPC over their unix sockets. */
import type { ConnectKms } from '#cluster/apiserver/encryption/kms-plugin.ts'
import { GrpcConnection } from '#kit/grpc/grpc-connection.ts'
import { GrpcFailure, grpcStatus } from '#kit/grpc/grpc-failure.ts'
import type { Clock } from '#world/ports/clock.ts'

/** A socket's path: what begins with `@` is a name in no filesystem. */
export function socketPathOf(endpoint: string): string {
  const path = endpoint.replace(/^unix:\/\//, '')
  return path.startsWith('/@') ? `\0${path.slice(2)}` : path
}

/** Makes what connects; each plugin has a connection of its own, opened when first needed and anew when it was lost. */
export function kmsConnector(clock: Clock): ConnectKms {
  return ({ endpoint, timeoutMs }) => {
    const connection = new GrpcConnection({
      url: 'http://localhost',
      socketPath: socketPathOf(endpoint),
      tls: undefined,
      clock,
    })
    return {
      call: async (method, message) => {
        using call = await connection.call(method)
        using _ = clock.setTimer(timeoutMs, () =>
          call.abandon(
            new GrpcFailure(grpcStatus.deadlineExceeded, `no answer within ${timeoutMs} ms`, { mayHaveRun: true }),
          ),
        )
        return await call.exchange(message)
      },
      [Symbol.dispose]: () => connection[Symbol.dispose](),
    }
  }
}
