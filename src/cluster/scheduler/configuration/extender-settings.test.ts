import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withExtenderFiles } from './extender-settings.ts'
import { readSchedulerConfiguration } from './read-scheduler-configuration.ts'

const config = readSchedulerConfiguration({
  apiVersion: 'kubescheduler.config.k8s.io/v1',
  kind: 'KubeSchedulerConfiguration',
  extenders: [
    {
      urlPrefix: 'https://127.0.0.1/a',
      enableHTTPS: true,
      tlsConfig: { certFile: '/cert', keyFile: '/key', caFile: '/ca', certData: 'V1JJVFRFTg==' },
    },
    { urlPrefix: 'http://127.0.0.1/b' },
  ],
})

test('files of extenders are read, but for what is written out', async () => {
  const read: string[] = []
  const { extenders } = await withExtenderFiles(config, (path) => {
    read.push(path)
    return Promise.resolve(`text of ${path}`)
  })
  assert.deepEqual(read, ['/key', '/ca'])
  assert.deepEqual(
    extenders.map(({ tls, tlsFiles }) => [tls, tlsFiles]),
    [
      [{ certificate: 'WRITTEN', key: 'text of /key', authorities: 'text of /ca' }, {}],
      [{}, {}],
    ],
  )
})

test('a file that is missing is told of at once', async () => {
  const missing = new Error('no such file')
  await assert.rejects(
    withExtenderFiles(config, () => Promise.reject(missing)),
    missing,
  )
})
