/** The errors that base/data raises. */

/** Rows of the error catalogue: code, what it means, what to do. */
export const dataErrors = {
  DATA_QUANTITY_INVALID: {
    kind: 'invalid',
    when: 'text is no resource quantity',
    remedy: 'Write a number with a unit such as 100m, 2, 512Mi or 1Gi.',
  },
  DATA_DURATION_INVALID: {
    kind: 'invalid',
    when: 'text is no duration',
    remedy: 'Write a duration such as 300ms, 1.5h or 2h45m.',
  },
  DATA_SELECTOR_INVALID: {
    kind: 'invalid',
    when: 'a label selector does not parse',
    remedy: "Write a selector such as 'app=web,tier in (a,b),!old'.",
  },
  DATA_PATCH_INVALID: {
    kind: 'invalid',
    when: 'a JSON patch is malformed or does not fit the document',
    remedy: 'Correct the patch (RFC 6902).',
  },
  DATA_PATCH_TOO_LONG: {
    kind: 'too-large',
    when: 'a JSON patch has more operations than are allowed',
    remedy: 'Send several shorter patches.',
  },
  DATA_PATCH_TEST_FAILED: {
    kind: 'unprocessable',
    when: 'a test operation of a JSON patch fails',
    remedy: 'Read the object again and make the patch anew.',
  },
} as const
