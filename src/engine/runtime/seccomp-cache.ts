/**
 * Compiled system call filters. The runtime compiles a policy at each start, 15 to 20 ms of it; crun leaves the compiled
 * program behind and takes it back as an annotation, so each policy is compiled once per runtime and kernel.
 */
import { join } from 'node:path'
import { digestHex, digestOf } from '#base/data/digest.ts'
import type { Files } from '#world/ports/files.ts'
import type { OciRuntime } from './oci-runtime.ts'
import type { OciSpec } from './oci-spec.ts'
import type { SeccompPolicy } from './plan-seccomp.ts'

const annotation = 'run.oci.seccomp_bpf_data'
const programBytesMax = 64 * 1024
const entriesMax = 64

export interface SeccompCache {
  /** The specification with the compiled filter in the policy's place, where it is known. */
  apply(spec: OciSpec): OciSpec
  /** Keeps the filter that the runtime compiled for a container that it has just created. */
  learn(spec: OciSpec, id: string): Promise<void>
}

/** @param salt what else a compiled filter depends on: the kernel's release. */
export function createSeccompCache(files: Files, runtime: OciRuntime, salt: string): SeccompCache {
  const programs = new Map<string, string>()
  const keyOf = (policy: SeccompPolicy): string =>
    digestHex(digestOf(`${runtime.version} ${salt} ${JSON.stringify(policy)}`))
  if (runtime.name !== 'crun') return { apply: (spec) => spec, learn: () => Promise.resolve() }
  return {
    apply: (spec) => {
      const policy = spec.linux.seccomp
      const program = policy === undefined ? undefined : programs.get(keyOf(policy))
      if (policy === undefined || program === undefined) return spec
      // A policy must be there for the annotation to be looked at; the shortest one will do.
      const placeholder: SeccompPolicy = { defaultAction: 'SCMP_ACT_ERRNO', architectures: policy.architectures ?? [] }
      return {
        ...spec,
        annotations: { ...spec.annotations, [annotation]: program },
        linux: { ...spec.linux, seccomp: placeholder },
      }
    },
    learn: async (spec, id) => {
      const policy = spec.linux.seccomp
      if (policy === undefined) return
      const key = keyOf(policy)
      if (programs.has(key)) return
      const program = await files
        .read(join(runtime.stateDirectory, id, 'seccomp.bpf'), { maxBytes: programBytesMax })
        .catch(() => undefined)
      if (program === undefined || program.length === 0) return
      if (programs.size >= entriesMax) programs.delete(programs.keys().next().value ?? '')
      programs.set(key, Buffer.from(program).toString('base64'))
    },
  }
}
