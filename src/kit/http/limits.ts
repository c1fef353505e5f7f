/** The bounds of one HTTP server, each with its reason. */

export interface HttpLimits {
  /** Request line and headers together. Kubernetes clients send large tokens, Docker's sends registry credentials. */
  readonly headerBytesMax: number
  /** A body read whole into memory by `readBody` and `readJson`, unless the call says otherwise. */
  readonly bodyBytesMax: number
  /** Time for a client to finish its headers. */
  readonly headersTimeoutMs: number
  /** Time without a byte of an awaited body before the client counts as gone. */
  readonly bodyIdleMs: number
  /** Idle connections live longer than client-go's 90 s, so that the client never meets a closing one. */
  readonly keepAliveMs: number
  /** Time for a client that stopped reading before its connection is cut; 0 waits for ever. */
  readonly writeStallMs: number
  /** Connections of one listener. */
  readonly connectionsMax: number
  /** Bytes of an unread request body taken off the wire after the reply, so that the reply arrives before a reset. */
  readonly drainBytesMax: number
  /** Time for the same. */
  readonly drainMs: number
  /** Streams of one HTTP/2 connection. */
  readonly streamsMax: number
  /** Time for running requests to end after the server was told to stop. */
  readonly stopGraceMs: number
}

export const defaultHttpLimits: HttpLimits = {
  headerBytesMax: 256 * 1024,
  bodyBytesMax: 16 * 1024 * 1024,
  headersTimeoutMs: 60_000,
  bodyIdleMs: 120_000,
  keepAliveMs: 185_000,
  writeStallMs: 900_000,
  connectionsMax: 8192,
  drainBytesMax: 64 * 1024 * 1024,
  drainMs: 10_000,
  streamsMax: 1000,
  stopGraceMs: 5_000,
}
