/** Why webhooks did not answer as they should, in the words of upstream's client (client-go rest, v1.36); pure. */
import { connectionWords } from '#base/errors/connection-words.ts'

/** Why a webhook could not be asked. */
export function webhookReason(error: unknown): string {
  const words = connectionWords(error)
  if (words !== undefined) return words
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message
}

const wordsOfStatus: Readonly<Record<number, string>> = {
  400: 'the server rejected our request for an unknown reason',
  401: 'the server has asked for the client to provide credentials',
  403: 'forbidden',
  404: 'the server could not find the requested resource',
  405: 'the server does not allow this method on the requested resource',
  413: 'Request entity too large',
  429: 'the server has received too many requests and has asked us to try again later',
  503: 'the server is currently unable to handle the request',
  504: 'the server was unable to return a response in the time allotted, but may still be processing the request',
}

/** What an answer says that is no success. */
export function webhookStatusText({ status, body }: { readonly status: number; readonly body: string }): string {
  const words = wordsOfStatus[status]
  if (words !== undefined) return words
  if (status >= 500)
    return `an error on the server (${JSON.stringify(body.slice(0, 2048).trim())}) has prevented the request from succeeding`
  return `the server responded with the status code ${status} but did not return more information`
}
