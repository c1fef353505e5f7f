/** The plan of a build: which stages run, how many steps that makes, which labels are added. Pure. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { LabelInstruction } from '#spec/dockerfile/instruction-types.ts'
import type { Dockerfile, Stage } from '#spec/dockerfile/parse-dockerfile.ts'

export interface BuildPlan {
  readonly dockerfile: Dockerfile
  /** Stages in order, the target last. The classic builder runs all of them. */
  readonly stages: readonly Stage[]
  /** N of "Step 1/N". */
  readonly stepCount: number
}

export interface PlanOptions {
  /** Name of the stage to stop after; empty: the last one. */
  readonly target: string
  /** Labels of the request: one LABEL step each at the end, sorted by name. */
  readonly labels: Readonly<Record<string, string>>
}

/** Plans a build. Throws `invalid` when the target is no stage. */
export function planBuild(dockerfile: Dockerfile, options: PlanOptions): BuildPlan {
  const stages = withLabels(upTo(dockerfile.stages, options.target), options.labels)
  const stepCount = dockerfile.globalArgs.length + stages.reduce((sum, stage) => sum + 1 + stage.instructions.length, 0)
  return { dockerfile, stages, stepCount }
}

function upTo(stages: readonly Stage[], target: string): readonly Stage[] {
  if (target === '') return stages
  const at = stages.findIndex((stage) => stage.from.name !== '' && stage.from.name === target.toLowerCase())
  if (at >= 0) return stages.slice(0, at + 1)
  throw new GantryError('BUILD_TARGET_MISSING', 'invalid', `failed to reach build target ${target} in Dockerfile`, {
    remedy: 'Name a stage of the Dockerfile with --target.',
  })
}

function withLabels(stages: readonly Stage[], labels: Readonly<Record<string, string>>): readonly Stage[] {
  const added = Object.entries(labels)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, value]): LabelInstruction => ({
      kind: 'label',
      original: `LABEL ${key}=${value}`,
      line: 0,
      pairs: [{ key, value }],
      literal: true,
    }))
  const last = stages.at(-1)
  if (last === undefined || added.length === 0) return stages
  return [...stages.slice(0, -1), { ...last, instructions: [...last.instructions, ...added] }]
}
