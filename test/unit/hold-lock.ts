// A process that takes the lock of a folder when it is told to by a line on
// stdin, says how that went, and lives until stdin ends.

import { createInterface } from 'node:readline'
import { renderError } from '../../lib/errors.ts'
import { takeLock } from '../../lib/lock.ts'

console.log('ready')
for await (const directory of createInterface({ input: process.stdin })) {
  try {
    const release = takeLock(directory)
    process.once('exit', release)
    console.log('held')
  } catch (error) {
    console.log(JSON.stringify(renderError(error)))
  }
}
