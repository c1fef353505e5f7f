/** Why a service answers or does not: which pods it selects and which of them are ready. */
import { matchesSelector, selectorFromObject } from '#base/data/label-selector.ts'
import type { Pod, Service } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { isPodWell } from './explain-pod.ts'
import { counted, type Explanation, type Finding, finding, someOf } from './finding.ts'
import type { Surroundings } from './surroundings.ts'

/** Explains a service. */
export function explainService(service: Service, around: Surroundings): Omit<Explanation, 'subject'> {
  const { spec } = service
  if (spec?.type === 'ExternalName')
    return { answer: `It is an alias of ${spec.externalName ?? ''} in DNS; no pod stands behind it.`, findings: [] }
  const selector = Object.entries(spec?.selector ?? {})
  const { ready, others } = addressesOf(service, around)
  const answer = `${counted(ready, 'endpoint')} ready, ${others} not.`
  if (selector.length === 0)
    return {
      answer,
      findings:
        ready > 0
          ? []
          : [
              finding(
                'it has no selector',
                [],
                'Its endpoints are made by hand: an EndpointSlice with its name as label kubernetes.io/service-name.',
              ),
            ],
    }
  const requirements = selectorFromObject({ matchLabels: spec?.selector ?? {} })
  const selected = around.pods.filter(({ metadata }) => matchesSelector(requirements, metadata.labels))
  const words = selector.map(([key, value]) => `${key}=${value}`).join(',')
  if (selected.length === 0)
    return {
      answer,
      findings: [
        finding(
          `no pod has the labels ${words}`,
          nearMisses(selector, around.pods),
          'Compare its selector with the labels of the pods: kubectl get pods --show-labels.',
        ),
      ],
    }
  const unwell = selected.filter((pod) => !isPodWell(pod)).map(({ metadata }) => `pod/${metadata.name}`)
  return {
    answer,
    findings: [
      ...(unwell.length === 0
        ? []
        : [
            finding(
              `${unwell.length} of ${counted(selected.length, 'selected pod')} not ready: ${someOf(unwell)}`,
              [],
              `gantry why ${unwell[0]} says why.`,
            ),
          ]),
      ...portFindings(service, selected),
    ],
  }
}

function addressesOf(
  { metadata }: Service,
  { slices }: Surroundings,
): { readonly ready: number; readonly others: number } {
  const endpoints = slices
    .filter((slice) => slice.metadata.labels?.['kubernetes.io/service-name'] === metadata.name)
    .flatMap((slice) => slice.endpoints ?? [])
  const ready = endpoints.filter(({ conditions }) => conditions?.ready !== false).length
  return { ready, others: endpoints.length - ready }
}

/** Pods that have some of the labels: mostly a typing mistake. */
function nearMisses(selector: readonly (readonly [string, string])[], pods: readonly Pod[]): readonly Finding[] {
  if (selector.length < 2) return []
  const near = pods.filter(({ metadata }) => selector.some(([key, value]) => metadata.labels?.[key] === value))
  return near.length === 0
    ? []
    : [finding(`some of them: ${someOf(near.map(({ metadata }) => `pod/${metadata.name}`))}`)]
}

/** Named target ports that no selected pod has. */
function portFindings({ spec }: Service, pods: readonly Pod[]): readonly Finding[] {
  const named = new Set(
    pods.flatMap((pod) => pod.spec.containers.flatMap(({ ports }) => (ports ?? []).map(({ name }) => name ?? ''))),
  )
  return (spec?.ports ?? []).flatMap(({ targetPort, port }) =>
    typeof targetPort === 'string' && !named.has(targetPort)
      ? [finding(`port ${port} goes to the port named ${targetPort}, and no selected pod has one of that name`)]
      : [],
  )
}
