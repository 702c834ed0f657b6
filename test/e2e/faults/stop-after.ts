// Loaded ahead of a step (`node --import`): its process is killed when it has
// made $STOP_AFTER changes. Nothing of it can clean up.

import { Machine } from '../../../lib/machine.ts'

const { changed } = Machine.prototype
let left = Number(process.env.STOP_AFTER)

Machine.prototype.changed = function (this: Machine, what, details) {
  changed.call(this, what, details)
  if (!this.planning && --left === 0) process.kill(process.pid, 'SIGKILL')
}
