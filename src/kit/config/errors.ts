/** The errors that kit/config raises. */

/** Rows of the error catalogue: code, what it means, what to do. */
export const configErrors = {
  CONFIG_INVALID: {
    kind: 'invalid',
    when: 'a setting is unknown or has a value of the wrong form',
    remedy: 'Correct the named settings.',
  },
  CONFIG_UNREADABLE: {
    kind: 'invalid',
    when: 'the configuration file cannot be read',
    remedy: 'Check the path and its permissions.',
  },
} as const
