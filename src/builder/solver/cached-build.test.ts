import assert from 'node:assert/strict'
import test from 'node:test'
import { openTestBuilder } from '../test-builder.contract.ts'

// What it costs in time is measured by bench/engine.ts (`build of 10 steps, cached`).
test('a cached build of ten steps makes nothing', async (context) => {
  const { build, images, containers } = await openTestBuilder(context)
  const runs = Array.from({ length: 6 }, (_, at) => `RUN echo ${at} > /r${at}`)
  const dockerfile = ['FROM busybox', 'COPY f /f', 'ENV A=1', ...runs, 'WORKDIR /w', 'CMD ["sh"]', ''].join('\n')
  const files = [{ name: 'f', content: 'x' }]
  const cold = await build(dockerfile, { context: files })
  assert.equal(cold.text.split('Using cache').length - 1, 0)
  const made = images.all().length
  for (let at = 0; at < 5; at += 1) {
    const { id, text } = await build(dockerfile, { context: files })
    assert.equal(id, cold.id)
    assert.equal(text.split('Using cache').length - 1, 10)
    assert.doesNotMatch(text, /Running in/)
  }
  assert.equal(images.all().length, made)
  assert.equal(containers.size, 0)
})
