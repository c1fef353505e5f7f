/** Likes nodes that have the pod's images already, more so when few nodes have not. */
import type { Plugin } from '../plugin.ts'

const mega = 1024 * 1024
const leastBytes = 23 * mega
const mostBytesOfContainer = 1000 * mega

/** The name as nodes report it: with a tag. */
export function normalizeImageName(image: string): string {
  return image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image
}

export const imageLocality: Plugin = {
  name: 'ImageLocality',
  preScore: (pod, { table }) => {
    const containers = [...(pod.pod.spec.initContainers ?? []), ...pod.pod.spec.containers]
    const images = containers.map(({ image }) => normalizeImageName(image ?? ''))
    if (!images.some((image) => table.images.has(image))) return undefined
    const nodeCount = table.order().length
    const mostBytes = mostBytesOfContainer * containers.length
    return {
      score: (entry) => {
        let sum = 0
        for (const image of images) {
          const sizeBytes = entry.images.get(image)
          if (sizeBytes === undefined) continue
          sum += Math.trunc((sizeBytes * (table.images.get(image)?.nodes ?? 0)) / nodeCount)
        }
        const bounded = Math.min(Math.max(sum, leastBytes), mostBytes)
        return Math.trunc((100 * (bounded - leastBytes)) / (mostBytes - leastBytes))
      },
    }
  },
}
