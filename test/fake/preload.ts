// Loaded ahead of a step (`node --import`): it then works on the machines of
// the file $FAKE_WORLD, and on no others. $FAKE_STOP_AFTER: the connection
// drops after so many changes.

import { useFakes, World } from './install.ts'

const { FAKE_WORLD: file = '', FAKE_STOP_AFTER: stopAfter } = process.env
let world: InstanceType<typeof World> | undefined

useFakes(() => {
  if (!world) {
    const opened = new World(file, stopAfter ? Number(stopAfter) : undefined)
    process.on('exit', () => opened.save())
    world = opened
  }
  return world
})
