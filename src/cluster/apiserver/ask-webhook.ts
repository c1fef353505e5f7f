/** How webhooks of authentication, authorisation and audit are reached: one POST of one object. */
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'

/** Sends an object and brings what is answered, whatever its status. @throws when nothing answers in time. */
export type AskWebhook = (object: JsonObject) => Promise<{ readonly status: number; readonly body: string }>
