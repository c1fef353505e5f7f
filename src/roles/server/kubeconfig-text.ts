/** A kubeconfig with one cluster, one user and one context. */

export interface KubeconfigParts {
  readonly url: string
  /** PEM texts. */
  readonly authority: string
  readonly certificate: string
  readonly key: string
  readonly user: string
}

/** The file's text; certificates are inside, so that it can be copied as it is. */
export function kubeconfigText({ url, authority, certificate, key, user }: KubeconfigParts): string {
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  return `apiVersion: v1
kind: Config
clusters:
  - name: gantry
    cluster:
      server: ${url}
      certificate-authority-data: ${base64(authority)}
users:
  - name: ${user}
    user:
      client-certificate-data: ${base64(certificate)}
      client-key-data: ${base64(key)}
contexts:
  - name: gantry
    context:
      cluster: gantry
      user: ${user}
current-context: gantry
`
}
