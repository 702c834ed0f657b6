// A process that opens a machine, as a step does, and runs one script on it.
// Arguments: a machine as JSON, a state folder, the script.

import { openSsh } from '../../lib/ssh.ts'

const [machine = '', directory = '', script = ''] = process.argv.slice(2)
const notices: string[] = []
const transport = await openSsh(JSON.parse(machine), directory, (line) =>
  notices.push(line),
)
const outcome = await transport.run(script)
console.log(JSON.stringify({ ...outcome, notices }))
