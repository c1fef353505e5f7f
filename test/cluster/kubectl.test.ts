/** The stock kubectl, whichever version the machine has, through the life of an application. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { lacksProgram, type OwnServer, startOwnServer } from './own-server.ts'

const application = `
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data: {colour: blue}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: nginx:1
        ports: [{containerPort: 80}]
        envFrom: [{configMapRef: {name: settings}}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80}]}
`

describe('kubectl', { skip: lacksProgram('kubectl') }, () => {
  let server: OwnServer
  const kubectl = (words: string, input?: string): string => {
    const { code, stdout, stderr } = server.kubectl(words.split(' '), input)
    assert.equal(code, 0, `kubectl ${words}: ${stdout}${stderr}`)
    return stdout
  }
  const refused = (words: string, input?: string): string => {
    const { code, stdout, stderr } = server.kubectl(words.split(' '), input)
    assert.notEqual(code, 0, `kubectl ${words} was taken: ${stdout}`)
    return stderr
  }
  before(async () => {
    server = await startOwnServer()
  })
  after(() => server[Symbol.asyncDispose]())

  test('applies an application, waits for its rollout and sees it answer to a service', () => {
    assert.match(kubectl('apply -f -', application), /deployment\.apps\/web created/)
    assert.match(kubectl('-n shop rollout status deployment/web --timeout=240s'), /successfully rolled out/)
    assert.match(kubectl('-n shop get deployment web'), /web +3\/3 +3 +3/)
    assert.equal(kubectl('-n shop get endpoints web -o jsonpath={.subsets[*].addresses[*].ip}').split(' ').length, 3)
    assert.match(kubectl('apply -f -', application), /deployment\.apps\/web unchanged/)
  })

  test('scales, updates and rolls back', () => {
    kubectl('-n shop scale deployment/web --replicas=5')
    kubectl('-n shop rollout status deployment/web --timeout=240s')
    kubectl('-n shop set image deployment/web web=nginx:2')
    kubectl('-n shop rollout status deployment/web --timeout=240s')
    const image = 'jsonpath={.spec.template.spec.containers[0].image}'
    assert.equal(kubectl(`-n shop get deployment web -o ${image}`), 'nginx:2')
    assert.match(kubectl('-n shop rollout history deployment/web'), /\n2 /)
    kubectl('-n shop rollout undo deployment/web')
    kubectl('-n shop rollout status deployment/web --timeout=240s')
    assert.equal(kubectl(`-n shop get deployment web -o ${image}`), 'nginx:1')
  })

  test('describes, labels, patches and explains', () => {
    assert.match(
      kubectl('-n shop describe deployment web'),
      /Replicas: +5 desired \| 5 updated \| 5 total \| 5 available/,
    )
    assert.match(kubectl('-n shop label configmap settings tier=front'), /labeled/)
    kubectl('-n shop patch configmap settings --type=merge -p {"data":{"colour":"red"}}')
    assert.equal(kubectl('-n shop get configmap -l tier=front -o jsonpath={.items[0].data.colour}'), 'red')
    assert.match(kubectl('explain deployment.spec.replicas'), /replicas\s+<integer>/)
    assert.match(kubectl('api-resources'), /customresourcedefinitions/)
  })

  test('runs a job to its end and waits for it', () => {
    kubectl('-n shop create job once --image=busybox -- true')
    assert.match(kubectl('-n shop wait --for=condition=complete job/once --timeout=240s'), /condition met/)
  })

  test('drains a node, and its pods come back elsewhere', () => {
    assert.match(kubectl('drain sim-1 --ignore-daemonsets --force'), /drained|evicted/)
    kubectl('-n shop rollout status deployment/web --timeout=240s')
    const nodes = new Set(kubectl('-n shop get pods -l app=web -o jsonpath={.items[*].spec.nodeName}').split(' '))
    assert.deepEqual([...nodes], ['sim-0'])
    kubectl('uncordon sim-1')
  })

  test('refuses what is wrong in the words of Kubernetes, and stores nothing', () => {
    assert.match(refused('-n shop get pod none'), /Error from server \(NotFound\): pods "none" not found/)
    assert.match(refused('-n shop create configmap Bad_Name'), /a lowercase RFC 1123 subdomain/)
    const immutable = '-n shop patch deployment web --type=merge -p {"spec":{"selector":{"matchLabels":{"app":"x"}}}}'
    assert.match(refused(immutable), /field is immutable/)
    assert.match(
      refused('-n shop get pods --as=jane'),
      /User "jane" cannot list resource "pods" in API group "" in the namespace "shop"/,
    )
    const broken = 'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: []}\n'
    assert.match(refused('-n shop apply --validate=false -f -', broken), /spec\.containers: Required value/)
    assert.match(refused('-n shop get pod p'), /not found/)
  })

  test('deletes a namespace with everything in it', () => {
    kubectl('delete namespace shop --timeout=240s')
    assert.match(refused('get namespace shop'), /not found/)
  })

  test('gets no answer without credentials', () => {
    const bare = ['--kubeconfig=/dev/null', `--server=${server.url}`, '--insecure-skip-tls-verify', 'get', 'pods']
    const { code, stderr } = server.run('kubectl', [...bare, '--token=wrong'])
    assert.notEqual(code, 0)
    assert.match(stderr, /Unauthorized|must be logged in/)
  })
})
