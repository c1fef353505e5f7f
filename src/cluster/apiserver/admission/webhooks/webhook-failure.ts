/** A webhook that gave no answer to go by. */

/** Why a webhook could not be asked, or what is wrong with its answer. */
export class WebhookFailure extends Error {}
