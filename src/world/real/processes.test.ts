import { processesContract } from '#world/ports/processes.contract.ts'
import { createProcesses } from './processes.ts'

processesContract('this machine', createProcesses)
