/** A pod that names its node goes nowhere else. */
import type { Plugin } from '../plugin.ts'
import { finalRejection } from '../rejection.ts'

const rejected = finalRejection("node(s) didn't match the requested node name")

export const nodeName: Plugin = {
  name: 'NodeName',
  preFilter: (pod) => {
    const wanted = pod.pod.spec.nodeName ?? ''
    return wanted === ''
      ? undefined
      : { question: wanted, check: (entry) => (entry.name === wanted ? undefined : rejected) }
  },
  hints: { 'node-added': true },
}
