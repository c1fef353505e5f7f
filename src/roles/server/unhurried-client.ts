/**
 * A client in the server's own process that lets others have their turn. Its calls never wait for anything outside, so one
 * that reads a whole cluster page by page would keep the server from its other clients until it is through.
 */
import type { KubeClient } from '#clients/kubernetes/kube-client.ts'

/** The client; each of its lists ends with a pause. */
export function unhurriedClient(client: KubeClient, pause: () => Promise<void>): KubeClient {
  return {
    ...client,
    list: async (resource, options) => {
      const page = await client.list(resource, options)
      await pause()
      return page
    },
  }
}
