/** How a gRPC call fails: its status (grpc.io/docs/guides/status-codes) and whether the server may have acted all the same. */

/** The status codes that decide something here. */
export const grpcStatus = {
  ok: 0,
  cancelled: 1,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  outOfRange: 11,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const

/** A call that did not succeed. Whoever called words it for others. */
export class GrpcFailure extends Error {
  readonly status: number
  /** False only when it is certain that the server never saw the request. */
  readonly mayHaveRun: boolean

  constructor(
    status: number,
    message: string,
    { mayHaveRun, cause }: { readonly mayHaveRun: boolean; readonly cause?: unknown },
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'GrpcFailure'
    this.status = status
    this.mayHaveRun = mayHaveRun
  }
}
