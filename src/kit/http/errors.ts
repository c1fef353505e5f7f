/** The errors that kit/http raises. */
import { GantryError } from '#base/errors/gantry-error.ts'

/** Rows of the error catalogue: code, what it means, what to do. */
export const httpErrors = {
  HTTP_BODY_INVALID: {
    kind: 'invalid',
    when: 'a request body is not the JSON it should be',
    remedy: 'Send one well-formed JSON document.',
  },
  HTTP_BODY_TOO_LARGE: { kind: 'too-large', when: 'a body is longer than the limit', remedy: 'Send a smaller body.' },
  HTTP_BODY_CUT: {
    kind: 'cancelled',
    when: 'the other side went away before the body was whole',
    remedy: 'Try again.',
  },
  HTTP_BODY_IDLE: {
    kind: 'deadline',
    when: 'no byte of an awaited body came for too long',
    remedy: 'Check the connection and try again.',
  },
  HTTP_QUERY_INVALID: {
    kind: 'invalid',
    when: 'a query parameter has a value of the wrong form',
    remedy: 'Correct the parameter.',
  },
  HTTP_CLIENT_GONE: {
    kind: 'cancelled',
    when: 'the client closed the connection or stopped reading',
    remedy: 'Nothing to do.',
  },
  HTTP_NO_REPLY: { kind: 'internal', when: 'a handler ended without a reply', remedy: 'Report it as a bug.' },
  HTTP_SERVER_STOPPING: { kind: 'unavailable', when: 'the server is shutting down', remedy: 'Try again in a moment.' },
  HTTP_HIJACK_UNSUPPORTED: {
    kind: 'invalid',
    when: 'a raw connection was asked for where none can be had',
    remedy: 'Use HTTP/1.1 for this request.',
  },
  HTTP_ADDRESS_IN_USE: {
    kind: 'conflict',
    when: 'another program listens at the address',
    remedy: 'Stop the other program or choose another address.',
  },
  HTTP_ADDRESS_INVALID: {
    kind: 'invalid',
    when: 'an address cannot be listened at',
    remedy: 'Choose an address of this machine.',
  },
  HTTP_CONNECT_FAILED: {
    kind: 'unavailable',
    when: 'a server cannot be reached',
    remedy: 'Check that the server runs and the address is right.',
  },
  HTTP_TIMEOUT: { kind: 'deadline', when: 'a server did not answer in time', remedy: 'Try again, or allow more time.' },
  HTTP_REDIRECT_INVALID: {
    kind: 'invalid',
    when: 'a server redirects in circles or to no usable address',
    remedy: 'Report it to the operator of that server.',
  },
  HTTP_UPGRADE_REFUSED: {
    kind: 'invalid',
    when: 'a server refuses to hand over the raw connection',
    remedy: 'Check that the server supports the request.',
  },
  HTTP_TLS_INVALID: {
    kind: 'invalid',
    when: 'a certificate or key cannot be used',
    remedy: 'Check the certificate, its key and the authority.',
  },
} as const

/** The error that a request's signal carries once its client is gone. */
export function clientGone(message = 'the client closed the connection', cause?: unknown): GantryError {
  return new GantryError('HTTP_CLIENT_GONE', 'cancelled', message, { cause })
}
