/** Members as Go calls them, for the failures that name them so. */

/** Beginnings that Go writes in capitals. */
const initialisms =
  /^(?:api|uids?|ips?|fs|tcp|https?|grpc|nfs|iscsi|rbd|fc|csi|dns|urls?|tls|ca|json|gce|aws|se(?=Linux)|qos|ttl|gmsa|os|cidrs?|cpu|id|pid|cel|ipc?)(?=[A-Z]|$)/

/** `Immutable` of `immutable`, `APIVersion` of `apiVersion`, `ObjectMeta` of `metadata`. */
export function goFieldName(json: string): string {
  if (json === 'metadata') return 'ObjectMeta'
  const head = initialisms.exec(json)?.[0] ?? json.slice(0, 1)
  const capitals = head.endsWith('s') && /^(?:uids|ips|urls|cidrs)$/.test(head) ? head.slice(0, -1) : head
  return `${capitals.toUpperCase()}${json.slice(capitals.length)}`
}
