/** The image store on disk, and the containers that the builder's own tests run steps in. */
import type { TestContext } from 'node:test'
import { buildContainersContract, buildImagesContract } from './ports.contract.ts'
import type { PortsUnderTest } from './ports.contract.ts'
import { openTestBuilder } from './test-builder.contract.ts'

async function make(context: TestContext): Promise<PortsUnderTest> {
  const { openStore, stepContainers } = await openTestBuilder(context)
  const images = openStore()
  context.after(() => images[Symbol.dispose]())
  const base = images.find('busybox')
  if (base === undefined) throw new Error('no base image')
  return { images, containers: stepContainers, base }
}

buildImagesContract(make)
buildContainersContract(make)
