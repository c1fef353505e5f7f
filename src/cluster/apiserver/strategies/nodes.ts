/** Nodes: a new one starts with the status it brings, so that a kubelet registers in one request. */
import type { Strategy } from './strategy.ts'

export const nodeStrategy: Partial<Strategy> = { statusOnCreate: true }
