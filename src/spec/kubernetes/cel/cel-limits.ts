/** The limits of expressions (k8s.io/apiserver/pkg/apis/cel and apiextensions, v1.36). Costs are units of about 50 ns upstream. */

/** What one evaluation may cost. */
export const perCallLimit = 1_000_000
/** What all rules of one custom resource, or of one policy binding, may cost for one object. */
export const objectBudget = 10_000_000
/** What the match conditions of one webhook or binding may cost for one request. */
export const matchConditionsBudget = 2_500_000
/** The most that one rule of a custom resource definition may be estimated to cost. */
export const estimatedRuleLimit = 10_000_000
/** The most that all rules of a custom resource definition may be estimated to cost together. */
export const estimatedDefinitionLimit = 100_000_000
/** The longest text that a message expression may produce, in bytes. */
export const messageBytesMax: number = 5 * 1024
/** The largest body of a request, from which sizes are estimated where a schema bounds nothing, in bytes. */
export const requestBytesMax: number = 3 * 1024 * 1024

/** The longest expression, in code points. */
export const expressionLengthMax = 100_000
/** How deep an expression may nest. */
export const nestingMax = 250
/** Errors listed for one expression. */
export const issuesMax = 100
/** The longest string that evaluation builds, in UTF-16 units; a limit of ours, far above what a budget lets pass. */
export const stringLengthMax: number = 16 * 1024 * 1024
/** The most elements of a list that evaluation builds; a limit of ours. */
export const listLengthMax = 2_000_000
