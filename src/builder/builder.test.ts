import assert from 'node:assert/strict'
import test from 'node:test'
import { buildErrorMessage, commandFailed } from './errors.ts'
import { openTestBuilder } from './test-builder.contract.ts'

test('a build prints step by step what Docker prints', async (context) => {
  const { build, images } = await openTestBuilder(context)
  const { id, text, messages } = await build('FROM busybox\nRUN echo hi; echo err >&2\nCMD ["true"]\n', {
    query: 't=cw-b&t=cw-b:2',
  })
  assert.equal(
    text.replace('\u001b[91merr\n\u001b[0m', '<err>\n'),
    [
      'Step 1/3 : FROM busybox',
      ' ---> <id>',
      'Step 2/3 : RUN echo hi; echo err >&2',
      ' ---> Running in <id>',
      'hi',
      '<err>',
      'Removing intermediate container <id>',
      ' ---> <id>',
      'Step 3/3 : CMD ["true"]',
      ' ---> Running in <id>',
      'Removing intermediate container <id>',
      ' ---> <id>',
      'Successfully built <id>',
      'Successfully tagged cw-b:latest',
      'Successfully tagged cw-b:2',
      '',
    ].join('\n'),
  )
  assert.deepEqual(messages.find((message) => message.aux !== undefined)?.aux, { ID: id })
  assert.equal(images.resolve('cw-b:2').id, id)
})

test('the same build again comes from the cache, and a changed file breaks it from there on', async (context) => {
  const { build } = await openTestBuilder(context)
  const dockerfile = 'FROM busybox\nRUN echo pre > /p\nCOPY f /g\nRUN echo post > /q\n'
  const first = await build(dockerfile, { context: [{ name: 'f', content: '1', mtime: { seconds: 1, nanos: 0 } }] })
  const second = await build(dockerfile, { context: [{ name: 'f', content: '1', mtime: { seconds: 2, nanos: 0 } }] })
  const third = await build(dockerfile, { context: [{ name: 'f', content: '2' }] })
  const count = (text: string): number => text.split(' ---> Using cache').length - 1
  assert.equal(second.id, first.id)
  assert.deepEqual([count(first.text), count(second.text), count(third.text)], [0, 3, 1])
  assert.equal(count((await build(dockerfile, { context: [{ name: 'f', content: '1' }], query: 'nocache=1' })).text), 0)
})

test('history and configuration are those that Docker writes', async (context) => {
  const { build, images } = await openTestBuilder(context)
  const dockerfile = [
    'FROM busybox AS one',
    'ARG A=1',
    'ARG B C=3',
    'ENV E1=a E2="b c" E3=',
    'ENV old form here',
    'LABEL l1=x "l 2"="y z" l3="q\\"r"',
    'EXPOSE 80 443/udp 90-92',
    'VOLUME /v /w',
    'USER nobody:nogroup',
    'WORKDIR /tmp/rel',
    'WORKDIR sub',
    'CMD echo shell',
    'CMD ["a","b c"]',
    'ENTRYPOINT ["e", "f"]',
    'ENTRYPOINT exec x',
    'SHELL ["/bin/sh","-e","-c"]',
    'HEALTHCHECK --interval=5s --timeout=1m30s --start-period=100ms --retries=2 CMD curl "x" y',
    'HEALTHCHECK NONE',
    'ONBUILD RUN x',
    'MAINTAINER me <a@b>',
    'COPY --chown=1:2 f /f2',
    'USER root',
    'RUN echo $A $C',
    '',
  ].join('\n')
  const { id, text, error } = await build(dockerfile, {
    context: [{ name: 'f', content: 'x' }],
    query: `buildargs=${encodeURIComponent('{"B":"bb","HTTP_PROXY":"p"}')}`,
  })
  assert.equal(error?.message, undefined)
  const { config } = images.resolve(id ?? '')
  assert.deepEqual(
    config.history?.slice(1).map((entry) => entry.created_by?.replace(/[0-9a-f]{64}/, '<hash>')),
    [
      '/bin/sh -c #(nop)  ARG A=1',
      '/bin/sh -c #(nop)  ARG B C=3',
      '/bin/sh -c #(nop)  ENV E1=a E2=b c E3=',
      '/bin/sh -c #(nop)  ENV old=form here',
      '/bin/sh -c #(nop)  LABEL l1=x l 2=y z l3=q"r',
      '/bin/sh -c #(nop)  EXPOSE 443/udp 80 90-92',
      '/bin/sh -c #(nop)  VOLUME [/v /w]',
      '/bin/sh -c #(nop)  USER nobody:nogroup',
      '/bin/sh -c #(nop) WORKDIR /tmp/rel',
      '/bin/sh -c #(nop) WORKDIR /tmp/rel/sub',
      '/bin/sh -c #(nop)  CMD ["/bin/sh" "-c" "echo shell"]',
      '/bin/sh -c #(nop)  CMD ["a" "b c"]',
      '/bin/sh -c #(nop)  ENTRYPOINT ["e" "f"]',
      '/bin/sh -c #(nop)  ENTRYPOINT ["/bin/sh" "-c" "exec x"]',
      '/bin/sh -e -c #(nop)  SHELL [/bin/sh -e -c]',
      '/bin/sh -e -c #(nop)  HEALTHCHECK &{["CMD-SHELL" "curl \\"x\\" y"] "5s" "1m30s" "100ms" \'\\x02\'}',
      '/bin/sh -e -c #(nop)  HEALTHCHECK &{["NONE"] "0s" "0s" "0s" \'\\x00\'}',
      '/bin/sh -e -c #(nop)  ONBUILD RUN x',
      '/bin/sh -e -c #(nop)  MAINTAINER me <a@b>',
      '/bin/sh -e -c #(nop) COPY --chown=1:2file:<hash> in /f2 ',
      '/bin/sh -e -c #(nop)  USER root',
      '|3 A=1 B=bb C=3 /bin/sh -e -c echo $A $C',
    ],
  )
  assert.match(text, /Note: overriding previous HEALTHCHECK: \[CMD-SHELL curl "x" y\]/)
  assert.deepEqual(config.config?.Healthcheck, {
    Test: ['NONE'],
    Interval: 5e9,
    Timeout: 90e9,
    StartPeriod: 1e8,
    Retries: 2,
  })
  assert.deepEqual(config.config?.Cmd, ['a', 'b c'])
  assert.deepEqual(config.config?.ExposedPorts, {
    '443/udp': {},
    '80/tcp': {},
    '90/tcp': {},
    '91/tcp': {},
    '92/tcp': {},
  })
  assert.equal(config.config?.WorkingDir, '/tmp/rel/sub')
  assert.equal(config.author, 'me <a@b>')
  // The WORKDIRs and the COPY made files; the echo did not.
  assert.equal(config.rootfs.diff_ids.length, 4)
})

test('triggers run in the child, without steps of their own, and are gone afterwards', async (context) => {
  const { build, images, shell } = await openTestBuilder(context)
  await build('FROM busybox\nONBUILD RUN echo on > /on\nONBUILD COPY f /f\n', { query: 't=base' })
  const { text, id } = await build('FROM base\nCMD ["x"]\n', { context: [{ name: 'f', content: 'd' }] })
  assert.match(
    text,
    /^Step 1\/2 : FROM base\n# Executing 2 build triggers\n ---> Running in <id>\nRemoving intermediate container <id>\n ---> <id>\nStep 2\/2/,
  )
  assert.equal(await shell(id ?? '', 'cat /on /f'), 'on\nd')
  assert.equal(images.resolve(id ?? '').config.config?.OnBuild, null)
  await build('FROM busybox\nONBUILD FOO\n', { query: 't=base2' })
  assert.equal((await build('FROM base2\n')).error?.message, 'unknown instruction: FOO')
})

test('stages see each other by name and number; a target stops early', async (context) => {
  const { build, shell, images } = await openTestBuilder(context)
  const dockerfile =
    'FROM busybox AS base\nENV A=1\nRUN echo built > /out\nFROM BASE AS two\nRUN echo $A > /a\nFROM scratch\nCOPY --from=0 /out /got\nCOPY --from=two /a /bin/busybox /d/\n'
  const { id, error } = await build(dockerfile)
  assert.equal(error?.message, undefined)
  const { config } = images.resolve(id ?? '')
  assert.deepEqual([config.rootfs.diff_ids.length, config.config?.Cmd, config.config?.Env?.length], [2, null, 1])
  const target = await build(dockerfile, { query: 'target=TWO&t=two' })
  assert.match(target.text, /^Step 1\/5/)
  assert.equal(await shell('two', 'cat /out /a'), 'built\n1\n')
  assert.equal(
    (await build(dockerfile, { query: 'target=three' })).error?.message,
    'failed to reach build target three in Dockerfile',
  )
})

// Texts recorded from dockerd 20.10.24.
const failures: readonly (readonly [string, string])[] = [
  ['RUN nosuchcmd', "The command '/bin/sh -c nosuchcmd' returned a non-zero code: 127"],
  ['RUN ["/bin/sh","-c","exit 5"]', "The command '/bin/sh -c exit 5' returned a non-zero code: 5"],
  ['COPY ../x /x', 'COPY failed: forbidden path outside the build context: ../x ()'],
  ['COPY f/x /x', 'COPY failed: forbidden path outside the build context: f/x ()'],
  [
    'COPY nosuch /x',
    'COPY failed: file not found in build context or excluded by .dockerignore: stat nosuch: file does not exist',
  ],
  ['COPY z* /x/', 'COPY failed: no source files were specified'],
  [
    'COPY f d /x',
    'When using COPY with more than one source file, the destination must be a directory and end with a /',
  ],
  ['COPY http://127.0.0.1:1/x /x', "COPY failed: source can't be a URL for COPY"],
  [
    'ADD http://127.0.0.1:1/x /x',
    'ADD failed: Get "http://127.0.0.1:1/x": dial tcp 127.0.0.1:1: connect: connection refused',
  ],
  ['COPY --from=0 f /f', 'invalid from flag value 0: refers to current build stage'],
  ['COPY --from=5 f /f', 'invalid from flag value 5: index out of bounds'],
  ['COPY --from=busybox /nosuch /x', 'COPY failed: stat nosuch: file does not exist'],
  [
    'COPY --chown=nosuch f /f',
    "unable to convert uid/gid chown string to host mapping: can't find uid for user nosuch: no such user: nosuch",
  ],
  [
    'COPY --chown=a:b:c f /f',
    'unable to convert uid/gid chown string to host mapping: invalid chown string format: a:b:c',
  ],
  ['COPY d /bin/busybox', 'failed to copy files: /bin/busybox: not a directory'],
  [
    'COPY abs /x',
    'COPY failed: file not found in build context or excluded by .dockerignore: stat abs: file does not exist',
  ],
  [
    'COPY up /x',
    'COPY failed: file not found in build context or excluded by .dockerignore: stat up: file does not exist',
  ],
  [
    'RUN --mount=type=cache,target=/x true',
    'the --mount option requires BuildKit. Refer to https://docs.docker.com/go/buildkit/ to learn how to build images with BuildKit enabled',
  ],
  ['STOPSIGNAL x', 'Invalid signal: x'],
  ['EXPOSE 99999999', 'Invalid containerPort: 99999999'],
  ['VOLUME $NOPE', 'VOLUME specified can not be an empty string'],
  ['WORKDIR $NOPE', 'cannot normalize nothing'],
  ['ENV $A=x', 'invalid environment variable: =x'],
  ['FROM ${X}', 'base name (${X}) should not be blank'],
  ['FROM scratch', 'No image was generated. Is your Dockerfile empty?'],
]

test("what fails on the way fails in Docker's words", async (context) => {
  const { build } = await openTestBuilder(context)
  const files = [
    { name: 'f', content: '1' },
    { name: 'd/g', content: '2' },
    { name: 'abs', type: 'symlink', linkName: '/etc/passwd' },
    { name: 'up', type: 'symlink', linkName: '../../../../etc/passwd' },
  ] as const
  for (const [line, message] of failures) {
    const { error, text } = await build(`FROM busybox\n${line}\n`, { context: files })
    assert.equal(error?.message, message, line)
    assert.match(text, /^Step 1\/2/)
  }
  assert.equal((await build('FROM busybox AS a\nFROM busybox AS a\n')).error?.message, 'a stage name already used')
})

test('containers stay after a failure unless force-removed, and after success only without rm', async (context) => {
  const { build, containers } = await openTestBuilder(context)
  const failing = await build('FROM busybox\nRUN exit 3\n')
  assert.equal(failing.error?.details['code'], 3)
  assert.equal(containers.size, 1)
  const forced = await build('FROM busybox\nRUN exit 3\n', { query: 'forcerm=1' })
  assert.match(forced.text, /Removing intermediate container <id>\n$/)
  assert.equal(containers.size, 1)
  await build('FROM busybox\nRUN true\nRUN true # 2\nENV A=1\n', { query: 'rm=0' })
  assert.equal(containers.size, 4)
})

test('a quiet build says only the id, and everything when it fails', async (context) => {
  const { build } = await openTestBuilder(context)
  const { id, messages } = await build('FROM busybox\nENV A=1\n', { query: 'q=1' })
  assert.deepEqual(messages, [{ stream: `${id}\n` }])
  assert.match((await build('FROM busybox\nRUN echo why; false\n', { query: 'q=1' })).text, /why/)
})

test('build arguments: precedence, unused ones, predefined ones', async (context) => {
  const { build, shell, images } = await openTestBuilder(context)
  const args = encodeURIComponent('{"V":"c","NOPE":"1","HTTP_PROXY":"http://p:1","N":null}')
  const { id, text } = await build(
    'ARG BASE=busybox\nFROM $BASE\nARG V=a\nARG N=dflt\nENV V2=$V$N\nRUN echo $V $V2 $HTTP_PROXY $BASE > /v\nENV V=b\nRUN echo $V >> /v\n',
    { query: `buildargs=${args}` },
  )
  assert.equal(await shell(id ?? '', 'cat /v'), 'c cdflt http://p:1\nb\n')
  assert.match(text, /\[Warning\] One or more build-args \[NOPE\] were not consumed\nSuccessfully built/)
  assert.equal(
    images.history(id ?? '').some((row) => row.CreatedBy.includes('p:1')),
    false,
  )
})

test('labels of the request are literal steps at the end; automatic platform arguments need declaring', async (context) => {
  const { build, images } = await openTestBuilder(context)
  const labels = encodeURIComponent('{"z":"b c","a":"$x"}')
  const { id, text } = await build('FROM busybox\nARG TARGETOS\nENV OS=$TARGETOS\n', { query: `labels=${labels}` })
  assert.match(text, /Step 4\/5 : LABEL a=\$x\n[\s\S]*Step 5\/5 : LABEL z=b c/)
  assert.deepEqual(images.resolve(id ?? '').config.config?.Labels, { a: '$x', z: 'b c' })
  assert.ok(images.resolve(id ?? '').config.config?.Env?.includes('OS=linux'))
})

test('cache-from takes steps from the history of an image', async (context) => {
  const { build, images } = await openTestBuilder(context)
  const dockerfile = 'FROM busybox\nRUN echo hi > /f\nENV A=1\n'
  const first = await build(dockerfile, { query: 't=cw-a' })
  const using = await build(dockerfile, { query: `cachefrom=${encodeURIComponent('["cw-a"]')}` })
  assert.equal(using.text.split('Using cache').length - 1, 2)
  assert.equal(using.id, first.id)
  const other = await build(dockerfile, { query: `cachefrom=${encodeURIComponent('["busybox"]')}` })
  assert.equal(other.text.includes('Using cache'), false)
  // An image as a registry delivers it: no parents, no container configurations.
  const { config } = images.resolve('cw-a')
  const { container_config: _config, ...pulled } = config
  const lone = await images.createImage({ config: { ...pulled, comment: 'pulled' }, tags: ['pulled'] })
  assert.equal(lone.parent, undefined)
  const restored = await build(dockerfile, { query: `cachefrom=${encodeURIComponent('["pulled"]')}` })
  assert.equal(restored.text.split('Using cache').length - 1, 2)
})

test('aborting a build ends its command and removes its container', async (context) => {
  const { build, containers } = await openTestBuilder(context)
  const controller = new AbortController()
  const running = build('FROM busybox\nRUN echo started; sleep 60\n', { signal: controller.signal })
  await containerOf(containers, running)
  controller.abort()
  await assert.rejects(running, { name: 'AbortError' })
  assert.equal(containers.size, 0)
})

test('a build is cancelled by its id', async (context) => {
  const { build, builder, containers } = await openTestBuilder(context)
  const running = build('FROM busybox\nRUN sleep 60\n', { query: 'buildid=b1' })
  await containerOf(containers, running)
  assert.equal(builder.cancel('other'), false)
  assert.equal(builder.cancel('b1'), true)
  assert.equal((await running).error?.code, 'BUILD_CANCELLED')
  assert.equal(containers.size, 0)
})

test('an empty or missing Dockerfile is an error of the request', async (context) => {
  const { build } = await openTestBuilder(context)
  const cases: readonly (readonly [string, string, string])[] = [
    ['', '', 'Cannot locate specified Dockerfile: Dockerfile'],
    ['FROM busybox', 'dockerfile=nosuch', 'Cannot locate specified Dockerfile: nosuch'],
    ['FROM busybox', 'dockerfile=../x', 'forbidden path outside the build context: ../x ()'],
    ['FROM busybox\nFOO', '', 'dockerfile parse error line 2: unknown instruction: FOO'],
  ]
  for (const [dockerfile, query, message] of cases) {
    const { error, messages } = await build(dockerfile, { query })
    assert.equal(error?.message, message)
    assert.deepEqual(messages, [])
  }
  assert.equal(
    (await build('', { context: [{ name: 'Dockerfile', content: '' }] })).error?.message,
    'the Dockerfile (Dockerfile) cannot be empty',
  )
  assert.equal((await build('FROM busybox\n', { query: 'dockerfile=/Dockerfile' })).error, undefined)
})

/** Waits until the build has made its container; fails when it ends before. */
async function containerOf(containers: ReadonlyMap<string, unknown>, running: Promise<unknown>): Promise<void> {
  let ended = false
  const end = (): void => {
    ended = true
  }
  running.then(end, end)
  while (containers.size === 0) {
    assert.equal(ended, false, 'the build ended without a container')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

test('the last message after a failure carries the exit code', () => {
  assert.deepEqual(buildErrorMessage(commandFailed('x', 127)), {
    errorDetail: { code: 127, message: "The command 'x' returned a non-zero code: 127" },
    error: "The command 'x' returned a non-zero code: 127",
  })
  assert.deepEqual(buildErrorMessage(new Error('boom')), { errorDetail: { message: 'boom' }, error: 'boom' })
})
