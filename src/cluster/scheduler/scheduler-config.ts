/** Settings of a scheduler: profiles by the name that pods ask for, and the limits of what is under way. */
import { defaultPlugins, type PluginWriters } from './default-plugins.table.ts'
import type { ExtenderSettings } from './extenders/extender.ts'
import { defaultPreemptionArgs, type PreemptionArgs } from './preempt.ts'
import type { WeighedPlugin } from './schedule-pod.ts'
import { defaultQueueConfig, type QueueConfig } from './scheduling-queue.ts'

export interface SchedulerProfile {
  readonly schedulerName: string
  /** Of 100; 0 chooses by the number of nodes. */
  readonly percentageOfNodesToScore: number
  /** Makes the plugins, the first one with `compare` orders the queue. */
  readonly plugins: (writers: PluginWriters) => readonly WeighedPlugin[]
  /** DefaultPreemption: evicts pods that matter less. Undefined: it is off. */
  readonly preemption: PreemptionArgs | undefined
}

export interface SchedulerConfig {
  readonly profiles: readonly SchedulerProfile[]
  readonly queue: QueueConfig
  /** In the order they are asked. */
  readonly extenders: readonly ExtenderSettings[]
  /** Bindings under way at most. */
  readonly bindingsMost: number
}

export const defaultProfile: SchedulerProfile = {
  schedulerName: 'default-scheduler',
  percentageOfNodesToScore: 0,
  plugins: (writers) => defaultPlugins(writers),
  preemption: defaultPreemptionArgs,
}

export const defaultSchedulerConfig: SchedulerConfig = {
  profiles: [defaultProfile],
  queue: defaultQueueConfig,
  extenders: [],
  bindingsMost: 256,
}
