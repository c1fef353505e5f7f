/**
 * A mixed load that remembers what the engine acknowledged. Every container carries what is known of it: facts change
 * only when a reply has come, and while a request is open the container is in doubt about that step alone.
 */
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { encodeTarHeader, paddingBytes } from '#images/archive/write-tar.ts'
import type { OwnEngine } from './own-engine.ts'

export interface Load {
  /** Starts the workers. */
  begin(): void
  /** Resolves when the workers have seen that the engine is gone. */
  end(): Promise<void>
  /** Compares what the engine says with what it acknowledged. */
  verify(what: string): Promise<void>
  removeAll(): Promise<void>
}

export interface LoadOptions {
  readonly engine: OwnEngine
  /** Numbers in [0, 1). */
  readonly random: () => number
  readonly registry: string
}

type Stage = 'created' | 'running' | 'exited' | 'removed'

interface Fact {
  readonly name: string
  id: string
  /** What the engine has acknowledged. */
  stage: Stage
  /** A request whose reply has not come: where it leads. */
  toward: Stage | undefined
  readonly code: number
  /** Ends only when it is stopped. */
  readonly lasting: boolean
  readonly autoRemove: boolean
  pid: number
}

interface Reply {
  readonly status: number
  readonly text: string
}

class EngineGone extends Error {}

interface Call {
  readonly method: string
  readonly path: string
  readonly body?: Buffer | object | undefined
}

function call(socketPath: string, { method, path, body }: Call): Promise<Reply> {
  const bytes = body === undefined || Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body))
  return new Promise((resolve, reject) => {
    const gone = (): void => reject(new EngineGone())
    const sent = request(
      {
        socketPath,
        method,
        path: `/v1.41${path}`,
        agent: false,
        headers:
          bytes === undefined
            ? {}
            : {
                'Content-Type': Buffer.isBuffer(body) ? 'application/x-tar' : 'application/json',
                'Content-Length': bytes.length,
              },
      },
      (reply) => {
        const chunks: Buffer[] = []
        reply.on('data', (chunk: Buffer) => chunks.push(chunk))
        reply.on('end', () =>
          reply.complete ? resolve({ status: reply.statusCode ?? 0, text: Buffer.concat(chunks).toString() }) : gone(),
        )
        reply.on('error', gone)
        reply.on('aborted', gone)
      },
    )
    sent.on('error', gone)
    sent.end(bytes)
  })
}

function dockerfileTar(text: string): Buffer {
  const content = Buffer.from(text)
  return Buffer.concat([
    encodeTarHeader({ name: 'Dockerfile', type: 'file', mode: 0o644, sizeBytes: content.length }),
    content,
    Buffer.alloc(paddingBytes(content.length)),
    Buffer.alloc(1024),
  ])
}

const workerCount = 5
/** Containers kept at a time; more are removed again. */
const keptMax = 14

class MixedLoad implements Load {
  readonly #options: LoadOptions
  readonly #socket: string
  readonly #facts = new Map<string, Fact>()
  readonly #busy = new Set<Fact>()
  /** References that were acknowledged, true; whose removal or making is in doubt, false. */
  readonly #images = new Map<string, boolean>()
  #count = 0
  #stopping = false
  #workers: Promise<void>[] = []
  #failure: Error | undefined

  constructor(options: LoadOptions) {
    this.#options = options
    this.#socket = `${options.engine.root}/docker.sock`
  }

  begin(): void {
    this.#stopping = false
    this.#workers = Array.from({ length: workerCount }, () => this.#work())
  }

  async end(): Promise<void> {
    this.#stopping = true
    await Promise.all(this.#workers)
    this.#busy.clear()
    if (this.#failure !== undefined) throw this.#failure
  }

  async #work(): Promise<void> {
    try {
      while (!this.#stopping) await this.#step()
    } catch (error) {
      // Told when the round ends: nobody waits for a worker before.
      if (!(error instanceof EngineGone)) this.#failure ??= error as Error
    }
  }

  async #send(method: string, path: string, body?: Buffer | object): Promise<Reply> {
    const reply = await call(this.#socket, { method, path, body })
    assert.ok(reply.status < 500, `${method} ${path}: ${reply.status} ${reply.text}`)
    return reply
  }

  async #step(): Promise<void> {
    const pick = this.#options.random()
    const idle = [...this.#facts.values()].filter((fact) => !this.#busy.has(fact) && fact.stage !== 'removed')
    const lasting = idle.filter((fact) => fact.lasting && fact.stage === 'running')
    const rest = idle.filter((fact) => fact.stage !== 'running')
    const any = (facts: readonly Fact[]): Fact | undefined => facts[Math.floor(this.#options.random() * facts.length)]
    if (idle.length > keptMax) return this.#remove(any(idle))
    if (pick < 0.25) return this.#run({ lasting: false, autoRemove: false })
    if (pick < 0.4) return this.#run({ lasting: false, autoRemove: true })
    if (pick < 0.52) return this.#run({ lasting: true, autoRemove: false })
    if (pick < 0.64) return this.#exec(any(lasting))
    if (pick < 0.72) return this.#stop(any(lasting))
    if (pick < 0.82) return this.#remove(any(rest))
    if (pick < 0.9) return this.#build()
    if (pick < 0.97) return this.#pull()
    return this.#removeImage()
  }

  /** Does a request that moves a container to a stage. */
  async #move(fact: Fact, toward: Stage, send: () => Promise<Reply>): Promise<Reply> {
    fact.toward = toward
    const reply = await send()
    fact.toward = undefined
    fact.stage = toward
    return reply
  }

  async #hold(fact: Fact | undefined, use: (fact: Fact) => Promise<void>): Promise<void> {
    if (fact === undefined || this.#busy.has(fact)) return
    this.#busy.add(fact)
    await use(fact)
    this.#busy.delete(fact)
  }

  #run({ lasting, autoRemove }: { lasting: boolean; autoRemove: boolean }): Promise<void> {
    this.#count += 1
    const name = `crash-${this.#count}`
    const code = this.#count % 7
    const fact: Fact = { name, id: '', stage: 'removed', toward: undefined, code, lasting, autoRemove, pid: 0 }
    this.#facts.set(name, fact)
    const script = lasting ? `echo ${name}; exec sleep 10000` : `echo ${name}; exit ${code}`
    const published = this.#count % 3 === 0
    return this.#hold(fact, async () => {
      const created = await this.#move(fact, 'created', () =>
        this.#send('POST', `/containers/create?name=${name}`, {
          Image: 'busybox',
          Cmd: ['sh', '-c', script],
          ...(this.#count % 5 < 2 ? { Volumes: { '/anonymous': {}, '/bin': {} } } : {}),
          ...(published ? { ExposedPorts: { '80/tcp': {} } } : {}),
          HostConfig: {
            AutoRemove: autoRemove,
            Binds: this.#count % 2 === 0 ? ['crash-volume:/data', `${this.#options.engine.root}:/host:ro`] : [],
            ...(published ? { PortBindings: { '80/tcp': [{ HostPort: '' }] } } : {}),
          },
        }),
      )
      assert.equal(created.status, 201, created.text)
      fact.id = (JSON.parse(created.text) as { Id: string }).Id
      const wait = autoRemove ? this.#send('POST', `/containers/${name}/wait?condition=removed`) : undefined
      wait?.catch(() => undefined)
      const started = await this.#move(fact, 'running', () => this.#send('POST', `/containers/${name}/start`))
      assert.equal(started.status, 204, started.text)
      if (lasting) {
        const { text } = await this.#send('GET', `/containers/${name}/json`)
        fact.pid = (JSON.parse(text) as { State: { Pid: number } }).State.Pid
        return
      }
      const ended = await this.#move(
        fact,
        autoRemove ? 'removed' : 'exited',
        () => wait ?? this.#send('POST', `/containers/${name}/wait`),
      )
      assert.equal((JSON.parse(ended.text) as { StatusCode: number }).StatusCode, code, `${name}: ${ended.text}`)
    })
  }

  #exec(chosen: Fact | undefined): Promise<void> {
    return this.#hold(chosen, async ({ name }) => {
      const made = await this.#send('POST', `/containers/${name}/exec`, { AttachStdout: true, Cmd: ['echo', name] })
      const { Id } = JSON.parse(made.text) as { Id: string }
      const { text } = await this.#send('POST', `/exec/${Id}/start`, { Detach: false })
      // A stream without a length ends the same way when the engine is killed: only a living one is held to its word.
      const inspected = await this.#send('GET', `/exec/${Id}/json`)
      assert.equal(
        (JSON.parse(inspected.text) as { ExitCode: number }).ExitCode,
        0,
        `exec in ${name}: ${inspected.text}`,
      )
      assert.ok(text.endsWith(`${name}\n`), `exec in ${name}: ${text}`)
    })
  }

  #stop(chosen: Fact | undefined): Promise<void> {
    return this.#hold(chosen, async (fact) => {
      const reply = await this.#move(fact, 'exited', () => this.#send('POST', `/containers/${fact.name}/stop?t=0`))
      assert.equal(reply.status, 204, reply.text)
    })
  }

  #remove(chosen: Fact | undefined): Promise<void> {
    return this.#hold(chosen, async (fact) => {
      const reply = await this.#move(fact, 'removed', () =>
        this.#send('DELETE', `/containers/${fact.name}?force=1&v=1`),
      )
      assert.equal(reply.status, 204, reply.text)
    })
  }

  async #make(reference: string, send: () => Promise<Reply>): Promise<void> {
    this.#images.set(reference, false)
    const { text } = await send()
    assert.doesNotMatch(text, /"error"/, text)
    this.#images.set(reference, true)
  }

  #build(): Promise<void> {
    this.#count += 1
    const tag = `crash-built:${this.#count}`
    return this.#make(tag, () =>
      this.#send(
        'POST',
        `/build?t=${tag}&rm=1&q=1`,
        dockerfileTar(`FROM busybox\nRUN echo ${tag} > /f\nRUN cat /f > /g\nENV A=1\n`),
      ),
    )
  }

  #pull(): Promise<void> {
    const tag = Math.floor(this.#options.random() * 4)
    const reference = `${this.#options.registry}/crash:${tag}`
    if (this.#images.get(reference) === false) return Promise.resolve()
    return this.#make(reference, () =>
      this.#send('POST', `/images/create?fromImage=${this.#options.registry}/crash&tag=${tag}`),
    )
  }

  async #removeImage(): Promise<void> {
    const known = [...this.#images].filter(([, there]) => there).map(([reference]) => reference)
    const reference = known[Math.floor(this.#options.random() * known.length)]
    if (reference === undefined) return
    this.#images.set(reference, false)
    await this.#send('DELETE', `/images/${reference}?force=1`)
    this.#images.delete(reference)
  }

  async verify(what: string): Promise<void> {
    const list = JSON.parse((await this.#send('GET', '/containers/json?all=1')).text) as {
      Id: string
      Names: string[]
    }[]
    const listed = new Set(list.map(({ Names }) => Names[0]?.slice(1)))
    for (const fact of this.#facts.values()) await this.#verifyContainer(fact, listed.has(fact.name), what)
    for (const [name, fact] of this.#facts) if (fact.stage === 'removed') this.#facts.delete(name)
    const strangers = list.filter(({ Names }) => !Names[0]?.startsWith('/crash-'))
    assert.deepEqual(strangers, [], `${what}: containers that nobody asked for`)
    for (const [reference, there] of this.#images) {
      const { status } = await this.#send('GET', `/images/${reference}/json`)
      if (there) assert.equal(status, 200, `${what}: ${reference} was acknowledged`)
      if (status === 200) this.#images.set(reference, true)
      else this.#images.delete(reference)
    }
  }

  /** A container must be where it was acknowledged to be, or where the request that was open would have led it. */
  async #verifyContainer(fact: Fact, listed: boolean, what: string): Promise<void> {
    const { name, stage, toward, lasting, autoRemove, code } = fact
    const where = `${what}: ${name} (${stage}${toward === undefined ? '' : ` toward ${toward}`})`
    const mayBeGone =
      stage === 'removed' || toward === 'removed' || (autoRemove && (stage !== 'created' || toward !== undefined))
    const mayBeThere = stage !== 'removed' || toward !== undefined
    fact.toward = undefined
    const reply = await this.#send('GET', `/containers/${name}/json`)
    if (reply.status === 404) {
      assert.ok(mayBeGone, `${where} is gone`)
      fact.stage = 'removed'
      return
    }
    assert.ok(mayBeThere && listed, `${where} is there and must not be`)
    const { State, Id } = JSON.parse(reply.text) as {
      Id: string
      State: { Status: string; Pid: number; ExitCode: number; Error: string }
    }
    fact.id = Id
    const stages: Stage[] = ['created', 'running', 'exited', 'removed']
    const furthest = Math.max(
      stages.indexOf(stage),
      toward === undefined || toward === 'removed' ? 0 : stages.indexOf(toward),
    )
    if (stage === 'running' && lasting && toward === undefined) {
      assert.equal(State.Status, 'running', `${where}: ${JSON.stringify(State)}`)
      if (fact.pid !== 0) assert.equal(State.Pid, fact.pid, where)
    }
    if (stage === 'exited') assert.equal(State.Status, 'exited', where)
    if (stage === 'created' && toward === undefined) assert.equal(State.Status, 'created', where)
    // One that removes itself may be seen on its way.
    const isLeaving = State.Status === 'running' || (autoRemove && State.Status !== 'created')
    const ended = isLeaving && !lasting ? await this.#waitEnd(name, autoRemove) : State
    if (ended === undefined) {
      fact.stage = 'removed'
      return
    }
    if (ended.Status === 'exited') {
      // A start that the crash cut off was never acknowledged, so it may count as not having been.
      if (!lasting) assert.equal(ended.ExitCode, code, `${where}: ${JSON.stringify(ended)}`)
      else assert.ok(stage === 'exited' || toward !== undefined, `${where} ended: ${JSON.stringify(ended)}`)
      const { text } = await this.#send('GET', `/containers/${name}/logs?stdout=1`)
      assert.equal(text.slice(8), `${name}\n`, `${where}: log ${JSON.stringify(text)}`)
    }
    assert.ok(furthest > 0 || ended.Status === 'created', `${where}: ${ended.Status}`)
    fact.stage = ended.Status as Stage
    fact.pid = ended.Status === 'running' ? State.Pid : 0
  }

  async #waitEnd(name: string, autoRemove: boolean): Promise<{ Status: string; ExitCode: number } | undefined> {
    await this.#send('POST', `/containers/${name}/wait${autoRemove ? '?condition=removed' : ''}`)
    const reply = await this.#send('GET', `/containers/${name}/json`)
    return reply.status === 404
      ? undefined
      : (JSON.parse(reply.text) as { State: { Status: string; ExitCode: number } }).State
  }

  async removeAll(): Promise<void> {
    for (const { name, stage } of this.#facts.values())
      if (stage !== 'removed') await this.#send('DELETE', `/containers/${name}?force=1&v=1`)
    for (const reference of this.#images.keys()) await this.#send('DELETE', `/images/${reference}?force=1`)
  }
}

/** A load on an engine; it does nothing until `begin`. */
export function createLoad(options: LoadOptions): Load {
  return new MixedLoad(options)
}
