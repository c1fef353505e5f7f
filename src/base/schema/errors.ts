/** The errors that base/schema raises. */

/** Rows of the error catalogue: code, what it means, what to do. */
export const schemaErrors = {
  SCHEMA_INVALID: {
    kind: 'invalid',
    when: 'a document does not have the form it must have',
    remedy: 'Correct the named members.',
  },
} as const
