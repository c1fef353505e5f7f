/** Short stable names for pod templates and revisions, made of letters that spell no words. */
import { equalValues } from '#spec/kubernetes/apply/equal-values.ts'
import type { PodTemplateSpec } from '#spec/kubernetes/objects/core-v1.generated.ts'

export const podTemplateHashLabel = 'pod-template-hash'

const letters = 'bcdfghjklmnpqrstvwxz2456789'

/** The hash of any JSON value, the same whatever the order of members; `collisions` gives another for the same value. */
export function hashOf(value: unknown, collisions: number = 0): string {
  const text = canonicalText(value) + (collisions === 0 ? '' : `#${collisions}`)
  return safeText(String(fnv1a(text)))
}

/** Digits as letters that cannot form words (apimachinery `SafeEncodeString`). */
function safeText(text: string): string {
  return Array.from(text, (char) => letters[char.charCodeAt(0) % letters.length]).join('')
}

/** FNV-1a, 32 bits, of UTF-8. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return hash
}

/** JSON with members in order. */
export function canonicalText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonicalText(member)}`).join(',')}}`
}

/** True when two templates make the same pods; the hash label that a controller added does not count. */
export function isSameTemplate(a: PodTemplateSpec | undefined, b: PodTemplateSpec | undefined): boolean {
  return equalValues(withoutHash(a), withoutHash(b))
}

function withoutHash(template: PodTemplateSpec | undefined): unknown {
  const { [podTemplateHashLabel]: _, ...labels } = template?.metadata?.labels ?? {}
  const { labels: _labels, creationTimestamp: _created, ...metadata } = template?.metadata ?? {}
  return { ...template, metadata: { ...metadata, labels } }
}
