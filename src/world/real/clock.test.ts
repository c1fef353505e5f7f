import { clockContract } from '#world/ports/clock.contract.ts'
import { createClock } from './clock.ts'

clockContract('the machine', () => {
  const clock = createClock()
  return { clock, pass: (ms) => clock.sleep(ms + 10) }
})
