/** An engine on TCP with TLS: the stock client with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH, and nobody without a certificate. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { placesOf } from '#roles/engine/engine-places.ts'
import { program } from './own-engine.ts'
import { bash, isReference, lacksImage, lacksProgram, run, type Outcome } from './target.ts'

const skip = isReference ? 'the flags are Gantry’s' : lacksProgram('openssl') || lacksImage('busybox')

/** An authority, a certificate of the engine for 127.0.0.1, a client's, and a client's of a stranger. */
function makeCertificates(folder: string): void {
  const made = bash(
    `set -e
    authority() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1" -keyout $1-key.pem -out $1.pem; }
    issue() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$2" -keyout $2-key.pem -out $2.csr
      printf "$3" > $2.ext
      openssl x509 -req -in $2.csr -CA $1.pem -CAkey $1-key.pem -CAcreateserial -days 2 -extfile $2.ext -out $2.pem; }
    authority ours; authority theirs
    issue ours server 'subjectAltName=IP:127.0.0.1\\nextendedKeyUsage=serverAuth\\n'
    issue ours client 'extendedKeyUsage=clientAuth\\n'
    issue theirs stranger 'extendedKeyUsage=clientAuth\\n'`,
    { cwd: folder },
  )
  assert.equal(made.code, 0, made.text)
  for (const name of ['client', 'stranger']) {
    mkdirSync(join(folder, `${name}-config`))
    copyFileSync(join(folder, 'ours.pem'), join(folder, `${name}-config/ca.pem`))
    copyFileSync(join(folder, `${name}.pem`), join(folder, `${name}-config/cert.pem`))
    copyFileSync(join(folder, `${name}-key.pem`), join(folder, `${name}-config/key.pem`))
  }
}

describe('an engine on TCP with TLS', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-e2e-tls-'))
  const root = join(folder, 'root')
  const { socket, identityFile } = placesOf(root)
  const [file, ...words] = program
  let engine: ReturnType<typeof spawn> | undefined
  let address = ''

  const remote = (who: string, ...args: string[]): Outcome =>
    run('docker', args, {
      env: { DOCKER_HOST: address, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: join(folder, `${who}-config`) },
      input: 'typed\n',
    })

  before(async () => {
    makeCertificates(folder)
    const pems = ['--tlsverify', '--tlscacert', join(folder, 'ours.pem'), '--tlscert', join(folder, 'server.pem')]
    const hosts = ['-H', `unix://${socket}`, '-H', 'tcp://127.0.0.1:0']
    engine = spawn(
      file,
      [
        ...words,
        'engine',
        '--root',
        root,
        '--log-level',
        'error',
        ...hosts,
        ...pems,
        '--tlskey',
        join(folder, 'server-key.pem'),
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    )
    for (let round = 0; round < 2400 && address === ''; round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50))
      const started = run('sh', ['-c', `cat ${identityFile}`])
      if (started.code === 0)
        address =
          (JSON.parse(started.stdout) as { hosts: string[] }).hosts.find((host) => host.startsWith('tcp:')) ?? ''
    }
    assert.notEqual(address, '', 'the engine did not start')
    const copied = run('sh', ['-c', `docker save busybox | DOCKER_HOST=unix://${socket} docker load`])
    assert.equal(copied.code, 0, copied.text)
  })

  after(async () => {
    if (engine !== undefined) {
      engine.kill('SIGTERM')
      if (engine.exitCode === null) await once(engine, 'exit')
    }
    run(file, [...words, 'down', '--purge', '--time', '0', '--root', root])
    rmSync(folder, { recursive: true, force: true })
  })

  test('runs containers for a client with a certificate, attached input and output included', () => {
    assert.match(remote('client', 'version').text, /Server:/)
    assert.equal(remote('client', 'run', '--rm', '-i', 'busybox', 'sh', '-c', 'cat; exit 3').stdout, 'typed\n')
    assert.equal(remote('client', 'run', '--rm', '-i', 'busybox', 'sh', '-c', 'cat; exit 3').code, 3)
  })

  test('sends files both ways and builds', () => {
    writeFileSync(join(folder, 'Dockerfile'), 'FROM busybox\nRUN echo built > /made\n')
    mkdirSync(join(folder, 'context'))
    copyFileSync(join(folder, 'Dockerfile'), join(folder, 'context/Dockerfile'))
    const built = remote('client', 'build', '-q', '-t', 'remote', join(folder, 'context'))
    assert.equal(built.code, 0, built.text)
    assert.equal(remote('client', 'create', '--name', 'files', 'remote', 'true').code, 0)
    assert.equal(remote('client', 'cp', 'files:/made', join(folder, 'made')).code, 0)
    assert.equal(readFileSync(join(folder, 'made'), 'utf8'), 'built\n')
    assert.equal(remote('client', 'rm', 'files').code, 0)
  })

  test('turns away a certificate of another authority, none at all, and plain HTTP', () => {
    assert.match(remote('stranger', 'version').stderr, /unknown certificate authority|certificate|reset|EOF/)
    assert.notEqual(remote('stranger', 'ps').code, 0)
    const { host } = new URL(address.replace('tcp:', 'http:'))
    const bare = run('curl', ['-sk', '-o', '/dev/null', '-w', '%{http_code}', `https://${host}/_ping`])
    assert.notEqual(bare.stdout, '200')
    assert.notEqual(run('curl', ['-s', '-o', '/dev/null', '-w', '%{http_code}', `http://${host}/_ping`]).stdout, '200')
  })

  test('is refused beyond loopback without certificates', () => {
    const started = run(file, [...words, 'engine', '--root', join(folder, 'other'), '-H', 'tcp://0.0.0.0:0'])
    assert.notEqual(started.code, 0)
    assert.match(started.stderr, /without TLS only loopback/)
  })

  test('gives its unix socket to the docker group where there is one', () => {
    const group = run('sh', ['-c', 'getent group docker || getent group gantry']).stdout.split(':')[2]
    const { gid, mode } = statSync(socket)
    assert.equal(mode & 0o777, 0o660)
    if (group !== undefined) assert.equal(gid, Number(group))
  })
})
