import assert from 'node:assert/strict'
import test from 'node:test'
import { performance } from 'node:perf_hooks'
import { openTestBuilder } from '../test-builder.contract.ts'

// The budget of the design is 40 ms on an idle machine of two cores; shared machines get room.
test('a cached build of ten steps takes milliseconds', async (context) => {
  const { build } = await openTestBuilder(context)
  const runs = Array.from({ length: 6 }, (_, at) => `RUN echo ${at} > /r${at}`)
  const dockerfile = ['FROM busybox', 'COPY f /f', 'ENV A=1', ...runs, 'WORKDIR /w', 'CMD ["sh"]', ''].join('\n')
  const files = [{ name: 'f', content: 'x' }]
  const coldStart = performance.now()
  await build(dockerfile, { context: files })
  const coldMs = performance.now() - coldStart
  const times: number[] = []
  for (let at = 0; at < 5; at += 1) {
    const start = performance.now()
    const { text } = await build(dockerfile, { context: files })
    times.push(performance.now() - start)
    assert.equal(text.split('Using cache').length - 1, 10)
  }
  const bestMs = Math.min(...times)
  context.diagnostic(`cold ${coldMs.toFixed(0)} ms, cached ${bestMs.toFixed(1)} ms`)
  assert.ok(bestMs < 200, `cached build took ${bestMs} ms`)
})
