/** docker-compose 1.29: two services, one built, a volume and a network between them. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { bash, clear, docker, lacksImage, lacksProgram, scratch } from './target.ts'

const file = `version: '3.7'
services:
  web:
    build: { context: ./web, args: { GREETING: hello } }
    image: e2e-compose-web
    volumes: [content:/site]
    networks: [inner]
    command: sh -c 'cp /greeting /site/index.html && exec busybox httpd -f -p 80 -h /site'
  client:
    image: busybox
    depends_on: [web]
    networks: [inner]
    environment: { TARGET: web }
    command: sh -c 'for i in $$(seq 600); do wget -q -O - http://$$TARGET/ && break; sleep 0.2; done; sleep 1000'
volumes: { content: {} }
networks: { inner: {} }
`

const skip = lacksProgram('docker-compose') || lacksImage('busybox')
before(clear)
after(clear)

test('docker-compose brings two services up, shows them, and takes everything down', { skip }, () => {
  using folder = scratch()
  mkdirSync(join(folder.path, 'web'))
  writeFileSync(join(folder.path, 'docker-compose.yml'), file)
  writeFileSync(join(folder.path, 'web/Dockerfile'), 'FROM busybox\nARG GREETING\nRUN echo $GREETING > /greeting\n')
  const compose = (words: string): ReturnType<typeof bash> =>
    bash(`docker-compose --ansi never -p e2e ${words}`, { cwd: folder.path, timeoutMs: 240_000 })
  const up = compose('up -d --build')
  assert.equal(up.code, 0, up.text)
  assert.match(compose('ps').text, /e2e_client_1 .*Up[\s\S]*e2e_web_1 .*Up/)
  const logs = bash(
    'for i in $(seq 300); do docker-compose --ansi never -p e2e logs client | grep hello && break; sleep 0.2; done',
    { cwd: folder.path },
  )
  assert.match(logs.text, /hello/)
  const exec = compose('exec -T web cat /site/index.html')
  assert.equal(exec.stdout, 'hello\n', exec.text)
  const scaled = compose('up -d --scale client=2')
  assert.equal(scaled.code, 0, scaled.text)
  assert.match(compose('ps -q client').text.trim(), /^[0-9a-f]{64}\n[0-9a-f]{64}$/)
  const down = compose('down -v --rmi local -t 1')
  assert.equal(down.code, 0, down.text)
  assert.equal(docker('ps', '-aq').stdout, '')
  assert.equal(docker('volume', 'ls', '-q').stdout, '')
  assert.equal(docker('network', 'ls', '-q', '-f', 'type=custom').stdout, '')
  docker('rmi', '-f', 'e2e-compose-web')
})
