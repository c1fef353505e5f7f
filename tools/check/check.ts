/** The gate: `npm run check` runs every step, `npm run check -- lint tidy` some. Failures print how to run them again. */
import { join } from 'node:path'
import { type Step, type StepOutcome, minimumNodeMajor, steps } from './steps.ts'

interface Finished extends StepOutcome {
  readonly step: Step
  readonly seconds: number
}

const root = join(import.meta.dirname, '../..')
const outputLinesMax = 60

async function runStep(step: Step): Promise<Finished> {
  const started = performance.now()
  let outcome: StepOutcome
  try {
    outcome = await step.run(root)
  } catch (error) {
    outcome = {
      ok: false,
      note: 'could not run',
      output: error instanceof Error ? (error.stack ?? error.message) : String(error),
    }
  }
  const finished = { ...outcome, step, seconds: (performance.now() - started) / 1000 }
  report(finished)
  return finished
}

function report({ step, ok, note, output, seconds }: Finished): void {
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${step.name.padEnd(13)} ${`${seconds.toFixed(1)} s`.padStart(7)}  ${note}`)
  if (ok) return
  const lines = output.split('\n')
  for (const line of lines.slice(0, outputLinesMax)) console.log(`     ${line}`)
  if (lines.length > outputLinesMax) console.log(`     … ${lines.length - outputLinesMax} more lines`)
  console.log(`     again: npm run check -- ${step.name}`)
}

/** Light steps two at a time, heavy ones alone: a test that waits for a core is a test that fails. */
async function runAll(wanted: readonly Step[]): Promise<Finished[]> {
  const finished: Finished[] = []
  const light = wanted.filter((step) => step.isHeavy !== true)
  const lane = async (): Promise<void> => {
    for (let step = light.shift(); step !== undefined; step = light.shift()) finished.push(await runStep(step))
  }
  await Promise.all([lane(), lane()])
  for (const step of wanted) if (step.isHeavy === true) finished.push(await runStep(step))
  return finished
}

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !steps.some((step) => step.name === name))
  if (unknown.length > 0) {
    console.error(`no such step: ${unknown.join(', ')} (there are ${steps.map((step) => step.name).join(', ')})`)
    return 2
  }
  if (Number(process.versions.node.split('.')[0]) < minimumNodeMajor(root)) {
    console.error(`the gate needs Node ${minimumNodeMajor(root)}; this is ${process.version}`)
    return 2
  }
  const started = performance.now()
  const finished = await runAll(names.length === 0 ? steps : steps.filter((step) => names.includes(step.name)))
  const failed = finished.filter((one) => !one.ok).map((one) => one.step.name)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const verdict =
    failed.length === 0
      ? `all ${finished.length} steps passed`
      : `${failed.length} of ${finished.length} steps failed: ${failed.join(', ')}`
  console.log(`${verdict} in ${seconds} s`)
  return failed.length === 0 ? 0 : 1
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
process.exitCode = await main(process.argv.slice(2))
