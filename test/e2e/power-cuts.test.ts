// What CI has the time for of what `npm run test:vm` does.

import { describe } from 'vitest'
import { virtualMachines } from './virtual.ts'

describe('steps 01 to 09 on virtual machines', () => virtualMachines())
