/** Where a simulated cluster listens. By itself, so that the library's declarations need nothing of the server's. */
export interface ListenAt {
  /** 127.0.0.1 unless told. */
  readonly host?: string
  /** A free one unless told. */
  readonly port?: number
}
