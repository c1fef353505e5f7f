/** The attributes that events of a container carry: its labels, its image and its name. Pure. */
import type { ContainerRecord } from './container-record.ts'

/** Labels first, so that no label can pass itself off as the image or the name. */
export function attributesOf(
  record: ContainerRecord,
  extra: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  return { ...record.config.Labels, ...extra, image: record.config.Image, name: record.name }
}
