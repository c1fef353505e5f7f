import { networkContract } from '#world/ports/network.contract.ts'
import { createNetwork } from './network.ts'

networkContract('this machine', createNetwork)
