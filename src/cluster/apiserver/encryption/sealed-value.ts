/** The failure of a value that no configured key opens. */
import { GantryError } from '#base/errors/gantry-error.ts'

/** What is stored cannot be read. */
export function sealedValue(key: string): GantryError {
  return new GantryError(
    'APISERVER_VALUE_SEALED',
    'internal',
    `the stored value of ${key} is sealed with a key that is not configured`,
    {
      remedy:
        'Add the key with which it was written to the encryption configuration, after the keys that are used now.',
    },
  )
}
