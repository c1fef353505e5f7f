/** WORKDIR: metadata, and a directory that is there afterwards. */
import type { TextInstruction } from '#spec/dockerfile/instruction-types.ts'
import { RootedTree } from '../context/rooted-tree.ts'
import { applyMetadata } from '../graph/apply-metadata.ts'
import { withFileComment } from '../graph/run-config.ts'
import { announceContainer, commitImage, removeContainers, useCache } from './commit-step.ts'
import { expandOptionsOf } from './stage-state.ts'
import type { BuildRun, StageState } from './stage-state.ts'

/** Sets the directory and makes it, owned by root as the classic builder does. */
export async function workdirStep(run: BuildRun, stage: StageState, instruction: TextInstruction): Promise<void> {
  const change = applyMetadata({ ...instruction, kind: 'workdir' }, stage, expandOptionsOf(run, stage))
  stage.config = change.config
  const containerConfig = withFileComment(stage.config, change.comment)
  if (await useCache(run, stage, containerConfig)) return
  const containerId = await announceContainer(run, stage, containerConfig)
  await using draft = await run.images.draft(stage.image)
  const tree = new RootedTree(run.deps, draft.path)
  await tree.makeDirectory(await tree.resolve(stage.config.WorkingDir ?? '/'), { uid: 0, gid: 0 })
  const diffId = await draft.commit(run.signal)
  await commitImage(run, stage, { containerConfig, diffId, containerId })
  await removeContainers(run)
}
