import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import { parseDockerfile } from './parse-dockerfile.ts'
import { parseStageInstruction } from './parse-instruction.ts'

function failure(text: string): string {
  try {
    parseDockerfile(text)
  } catch (error) {
    return messageOf(error)
  }
  return 'no error'
}

// Texts recorded from dockerd 20.10.24.
const errors: readonly (readonly [string, string])[] = [
  ['ENV', 'dockerfile parse error line 2: ENV requires at least one argument'],
  ['ENV A', 'failed to parse Dockerfile: ENV must have two arguments'],
  ['ENV --foo a', 'failed to parse Dockerfile: ENV must have two arguments'],
  ['ENV =x', 'dockerfile parse error line 2: ENV names can not be blank'],
  ['ENV A=b c', 'failed to parse Dockerfile: Syntax error - can\'t find = in "c". Must be of the form: name=value'],
  ['LABEL', 'dockerfile parse error line 2: LABEL requires at least one argument'],
  ['LABEL a', 'failed to parse Dockerfile: LABEL must have two arguments'],
  ['LABEL --x=1', 'dockerfile parse error line 2: Unknown flag: x'],
  ['ARG', 'dockerfile parse error line 2: ARG requires at least one argument'],
  ['ARG =x', 'dockerfile parse error line 2: ARG names can not be blank'],
  ['EXPOSE', 'dockerfile parse error line 2: EXPOSE requires at least one argument'],
  [
    'COPY a',
    'dockerfile parse error line 2: COPY requires at least two arguments, but only one was provided. Destination could not be determined',
  ],
  [
    'ADD',
    'dockerfile parse error line 2: ADD requires at least two arguments, but only one was provided. Destination could not be determined',
  ],
  ['COPY --nope a b', 'dockerfile parse error line 2: Unknown flag: nope'],
  ['COPY --chown f /x', 'dockerfile parse error line 2: Missing a value on flag: chown'],
  ['COPY --chown=x --chown=y f /x', 'dockerfile parse error line 2: Duplicate flag specified: chown'],
  ['ADD --from=busybox f /x', 'dockerfile parse error line 2: Unknown flag: from'],
  ['HEALTHCHECK', 'dockerfile parse error line 2: HEALTHCHECK requires at least one argument'],
  ['HEALTHCHECK WRONG', 'dockerfile parse error line 2: Unknown type "WRONG" in HEALTHCHECK (try CMD)'],
  ['HEALTHCHECK NONE x', 'dockerfile parse error line 2: HEALTHCHECK NONE takes no arguments'],
  ['HEALTHCHECK CMD', 'dockerfile parse error line 2: Missing command after HEALTHCHECK CMD'],
  ['HEALTHCHECK --interval=x CMD a', 'dockerfile parse error line 2: time: invalid duration "x"'],
  ['HEALTHCHECK --interval=0.5ms CMD a', 'dockerfile parse error line 2: Interval "interval" cannot be less than 1ms'],
  ['HEALTHCHECK --interval=-1s CMD a', 'dockerfile parse error line 2: Interval "interval" cannot be less than 1ms'],
  ['HEALTHCHECK --retries=x CMD a', 'dockerfile parse error line 2: strconv.ParseInt: parsing "x": invalid syntax'],
  ['HEALTHCHECK --retries=0 CMD a', 'dockerfile parse error line 2: --retries must be at least 1 (not 0)'],
  ['CMD ["a",1]', 'failed to parse Dockerfile: when using JSON array syntax, arrays must be comprised of strings only'],
  ['CMD --foo a', 'dockerfile parse error line 2: Unknown flag: foo'],
  ['RUN --network=none true', 'dockerfile parse error line 2: Unknown flag: network'],
  ['RUN --mount=x true', "dockerfile parse error line 2: invalid field 'x' must be a key=value pair"],
  ['SHELL', 'dockerfile parse error line 2: SHELL requires at least one argument'],
  ['SHELL []', 'dockerfile parse error line 2: SHELL requires at least one argument'],
  ['SHELL sh', 'dockerfile parse error line 2: SHELL requires the arguments to be in JSON form'],
  ['STOPSIGNAL', 'dockerfile parse error line 2: STOPSIGNAL requires exactly one argument'],
  ['USER', 'dockerfile parse error line 2: USER requires exactly one argument'],
  ['USER --foo', 'dockerfile parse error line 2: Unknown flag: foo'],
  ['WORKDIR', 'dockerfile parse error line 2: WORKDIR requires exactly one argument'],
  ['MAINTAINER', 'dockerfile parse error line 2: MAINTAINER requires exactly one argument'],
  ['VOLUME []', 'dockerfile parse error line 2: VOLUME requires at least one argument'],
  ['VOLUME [""]', 'dockerfile parse error line 2: VOLUME specified can not be an empty string'],
  ['ONBUILD', 'dockerfile parse error line 2: ONBUILD requires at least one argument'],
  ['ONBUILD ONBUILD RUN x', "dockerfile parse error line 2: Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"],
  ['ONBUILD from x', "dockerfile parse error line 2: FROM isn't allowed as an ONBUILD trigger"],
  ['ONBUILD ENV A', 'failed to parse Dockerfile: ENV must have two arguments'],
  ['foo bar', 'dockerfile parse error line 2: unknown instruction: FOO'],
  ['FROM', 'dockerfile parse error line 2: FROM requires either one or three arguments'],
  ['FROM a b c', 'dockerfile parse error line 2: FROM requires either one or three arguments'],
  [
    'FROM busybox AS 1x',
    'dockerfile parse error line 2: invalid name for build stage: "1x", name can\'t start with a number or contain symbols',
  ],
]

for (const [line, message] of errors) {
  test(`"${line}" is refused in Docker's words`, () => {
    assert.equal(failure(`FROM busybox\n${line}\n`), message)
  })
}

test('a file without a stage, without instructions or with a wrong directive is refused', () => {
  assert.equal(failure('RUN true\n'), 'no build stage in current context')
  assert.equal(failure('ENV A=b\nFROM busybox\n'), 'no build stage in current context')
  assert.equal(failure('\n# c\n'), 'failed to parse Dockerfile: file with no instructions')
  assert.equal(
    failure('# escape=x\nFROM busybox\n'),
    "failed to parse Dockerfile: invalid escape token 'x' does not match ` or \\",
  )
  assert.equal(
    failure('# escape=`\n# escape=`\nFROM busybox\n'),
    'failed to parse Dockerfile: only one escape parser directive can be used',
  )
})

test('what Docker takes is taken: odd flags, one word for USER and WORKDIR, unfinished JSON', () => {
  for (const line of [
    'STOPSIGNAL a b',
    'USER a b',
    'WORKDIR a b',
    'CMD ["unclosed"',
    'COPY [f /x',
    'ONBUILD FOO',
    'ONBUILD COPY a',
    'RUN',
    'CMD',
    'CMD []',
    'VOLUME a b',
    'RUN -- true',
  ]) {
    assert.equal(failure(`FROM busybox\n${line}\n`), 'no error', line)
  }
})

test('lines are continued over comments and empty lines, which give one warning', () => {
  const file = parseDockerfile('FROM busybox\nRUN echo a \\\n  # inner\n\n  && echo b\nCMD x\n')
  const [run, cmd] = file.stages[0]?.instructions ?? []
  assert.equal(run?.original, 'RUN echo a   && echo b')
  assert.equal(cmd?.line, 6)
  assert.equal(file.warnings[0], '[WARNING]: Empty continuation line found in:')
})

test('the escape directive changes continuation; a byte order mark and carriage returns are dropped', () => {
  const file = parseDockerfile('\uFEFF# escape=`\r\nFROM busybox\r\nRUN a `\r\n  b\\\r\n')
  assert.equal(file.directives.escape, '`')
  assert.equal(file.stages[0]?.instructions[0]?.original, 'RUN a   b\\')
})

test('stage names are lower-cased and platforms kept', () => {
  const from = parseDockerfile('from --platform=linux/arm64 busybox as X\n').stages[0]?.from
  assert.deepEqual([from?.base, from?.name, from?.platform], ['busybox', 'x', 'linux/arm64'])
})

test('here-documents give their content, tabs and quotes as marked', () => {
  const file = parseDockerfile(
    'FROM busybox\nRUN <<EOF\necho hi\nEOF\nCOPY <<-a.txt <<"b" /d/\n\tone $X\na.txt\ntwo $X\nb\nCMD z\n',
  )
  const [run, copy, cmd] = file.stages[0]?.instructions ?? []
  assert.equal(run?.kind === 'run' ? run.heredocs[0]?.content : '', 'echo hi\n')
  assert.deepEqual(copy?.kind === 'copy' ? copy.heredocs.map((doc) => [doc.name, doc.expand, doc.content]) : [], [
    ['a.txt', true, 'one $X\n'],
    ['b', false, 'two $X\n'],
  ])
  assert.equal(cmd?.line, 10)
  assert.equal(failure('FROM busybox\nRUN <<EOF\nx\n'), 'failed to parse Dockerfile: unterminated heredoc EOF')
})

test('pairs keep quotes for later, and the legacy form takes the rest of the line', () => {
  const file = parseDockerfile('FROM b\nENV A="x y" B=a\\ b\nENV C  the rest\nLABEL "k k"=v\n')
  const pairs = file.stages[0]?.instructions.flatMap((one) =>
    one.kind === 'env' || one.kind === 'label' ? one.pairs : [],
  )
  assert.deepEqual(pairs, [
    { key: 'A', value: '"x y"' },
    { key: 'B', value: 'a\\ b' },
    { key: 'C', value: 'the rest' },
    { key: '"k k"', value: 'v' },
  ])
})

test('a trigger is parsed alone and keeps its text', () => {
  const file = parseDockerfile('FROM b\nonbuild   run  echo  a\n')
  const one = file.stages[0]?.instructions[0]
  assert.equal(one?.kind === 'onbuild' ? one.trigger : '', 'run  echo  a')
  assert.deepEqual(parseStageInstruction('RUN echo on', '\\').kind, 'run')
})

test('any text ends in stages or in an expected failure', () => {
  const words = fc.constantFrom(
    'FROM b',
    'RUN',
    'ENV',
    'A=1',
    '"',
    "'",
    '[',
    ']',
    '\\',
    '\n',
    ' ',
    '<<EOF',
    'EOF',
    '--x=1',
    '#',
    'ONBUILD',
    'HEALTHCHECK',
    'CMD',
    '["a"',
    '\0',
    '`',
  )
  fc.assert(
    fc.property(fc.array(words, { maxLength: 30 }), (parts) => {
      try {
        return parseDockerfile(parts.join(' ')).stages.length > 0
      } catch (error) {
        return error instanceof GantryError && error.kind === 'invalid'
      }
    }),
    { numRuns: 2000 },
  )
})
