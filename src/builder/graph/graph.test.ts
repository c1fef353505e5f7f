import assert from 'node:assert/strict'
import test from 'node:test'
import { parseDockerfile } from '#spec/dockerfile/parse-dockerfile.ts'
import type { RunInstruction } from '#spec/dockerfile/instruction-types.ts'
import { sameStep } from '../cache/compare-config.ts'
import { absoluteDestination } from '../solver/copy-step.ts'
import { commandOf, recordedCommand } from '../solver/run-step.ts'
import { applyMetadata } from './apply-metadata.ts'
import type { MetadataChange, MetadataInstruction } from './apply-metadata.ts'
import { BuildArgs } from './build-args.ts'
import { planBuild } from './from-dockerfile.ts'
import { startingConfig } from './run-config.ts'

function apply(lines: readonly string[]): MetadataChange {
  const instructions = parseDockerfile(['FROM b', ...lines].join('\n')).stages[0]?.instructions ?? []
  let state: MetadataChange = { config: startingConfig({ Cmd: ['sh'] }), author: '', cmdSet: false, comment: '' }
  for (const instruction of instructions)
    state = applyMetadata(instruction as MetadataInstruction, state, {
      variables: new Map([['abc', 'hello']]),
      escape: '\\',
    })
  return state
}

test('ENTRYPOINT clears an inherited CMD but not one of this stage', () => {
  assert.equal(apply(['ENTRYPOINT ["e"]']).config.Cmd, null)
  assert.deepEqual(apply(['CMD ["c"]', 'ENTRYPOINT ["e"]']).config.Cmd, ['c'])
  assert.deepEqual(apply(['CMD']).config.Cmd, ['/bin/sh', '-c'])
  assert.equal(apply(['ENTRYPOINT []']).config.Entrypoint, null)
})

test('one ENV sees the values from before it, the next sees its own', () => {
  assert.deepEqual(apply(['ENV abc=bye def=$abc', 'ENV ghi=x']).config.Env?.slice(1), ['abc=bye', 'def=hello', 'ghi=x'])
  assert.deepEqual(apply(['ENV A=1', 'ENV B=2', 'ENV A=3']).config.Env?.slice(1), ['A=3', 'B=2'])
})

test('an image without PATH gets one, others keep theirs; triggers and ids are not inherited', () => {
  assert.match(startingConfig(undefined).Env?.[0] ?? '', /^PATH=/)
  assert.deepEqual(startingConfig({ Env: ['PATH=/x'], OnBuild: ['RUN x'], Image: 'i', Hostname: 'h' }).Env, ['PATH=/x'])
  assert.equal(startingConfig({ OnBuild: ['RUN x'] }).OnBuild, null)
})

test('working directories are joined and cleaned', () => {
  assert.equal(apply(['WORKDIR /a', 'WORKDIR b/../c', 'WORKDIR ./d/']).config.WorkingDir, '/a/c/d')
  assert.equal(apply(['WORKDIR x']).config.WorkingDir, '/x')
})

test('the plan counts every step and adds the labels of the request last', () => {
  const file = parseDockerfile('ARG V\nFROM a AS one\nRUN x\nFROM b\nRUN y\n')
  assert.equal(planBuild(file, { target: '', labels: {} }).stepCount, 5)
  assert.equal(planBuild(file, { target: 'ONE', labels: {} }).stepCount, 3)
  assert.deepEqual(
    planBuild(file, { target: '', labels: { z: '1', a: '2' } }).stages[1]?.instructions.map((one) => one.original),
    ['RUN y', 'LABEL a=2', 'LABEL z=1'],
  )
})

test('arguments: given beats default, global needs declaring, stages forget, ENV wins', () => {
  const args = new BuildArgs({ A: 'given', N: null, http_proxy: 'p' })
  args.declareGlobal({ key: 'G', value: 'global' })
  args.enterStage()
  assert.deepEqual([...args.visible()], [['http_proxy', 'p']])
  for (const [key, value] of [
    ['A', 'x'],
    ['N', 'y'],
    ['G', undefined],
    ['U', undefined],
  ] as const)
    args.declare({ key, value })
  assert.deepEqual(args.environment(['A=env']), ['G=global', 'N=y', 'http_proxy=p'])
  assert.deepEqual(args.recorded(args.environment(['A=env'])), ['G=global', 'N=y'])
  args.enterStage()
  assert.deepEqual(args.environment([]), ['http_proxy=p'])
  assert.deepEqual(args.unused(), [])
})

test('the recorded command carries the arguments that it could see', () => {
  assert.deepEqual(recordedCommand(['c'], [], []), ['c'])
  assert.deepEqual(recordedCommand(['c'], ['A=1', 'http_proxy=p'], ['A=1']), ['|1', 'A=1', 'c'])
  assert.deepEqual(recordedCommand(['c'], ['http_proxy=p'], []), ['|0', 'c'])
})

test('commands get the shell in shell form only', () => {
  const command = (text: string): string[] =>
    commandOf(
      parseDockerfile(`FROM b\n${text}\n`).stages[0]?.instructions[0] as RunInstruction,
      startingConfig({ Shell: ['bash', '-c'] }),
    )
  assert.deepEqual(command('RUN a b'), ['bash', '-c', 'a b'])
  assert.deepEqual(command('RUN ["a","b"]'), ['a', 'b'])
  assert.deepEqual(command('RUN <<EOF\nx\nEOF'), ['bash', '-c', 'x\n'])
  assert.deepEqual(command('RUN cat <<EOF\nx\nEOF'), ['bash', '-c', 'cat <<EOF\nx\nEOF'])
})

test('destinations keep the slash that makes them directories', () => {
  assert.equal(absoluteDestination('.', '/w'), '/w')
  assert.equal(absoluteDestination('a/', '/w'), '/w/a/')
  assert.equal(absoluteDestination('a', ''), '/a')
  assert.equal(absoluteDestination('/', '/w'), '/')
  assert.equal(absoluteDestination('../../x', '/w'), '/x')
})

test('steps are the same by command, environment and shape, not by names or times', () => {
  const config = { Cmd: ['a'], Env: ['A=1'], Labels: { a: '1' }, Volumes: { '/v': {} }, Hostname: 'h' }
  assert.equal(sameStep(config, { ...config, Hostname: 'other', Image: 'x' }), true)
  assert.equal(sameStep(config, { ...config, Cmd: ['b'] }), false)
  assert.equal(sameStep(config, { ...config, Env: ['A=1', 'B=2'] }), false)
  assert.equal(sameStep(config, { ...config, Labels: { a: '2' } }), false)
  assert.equal(sameStep(config, { ...config, Volumes: { '/w': {} } }), false)
  assert.equal(sameStep(config, { ...config, User: 'x' }), false)
  assert.equal(sameStep(undefined, config), false)
})
