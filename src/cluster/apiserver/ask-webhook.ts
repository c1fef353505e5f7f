/** How webhooks of authentication, authorisation and audit are reached: one POST of one object. */
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'

/** The answer of a webhook, whatever it is. */
export interface WebhookReply {
  readonly status: number
  readonly body: string
  /** By lower-case name. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>
}

/** Sends an object and brings what is answered, whatever its status. @throws when nothing answers in time. */
export type AskWebhook = (object: JsonObject) => Promise<WebhookReply>
