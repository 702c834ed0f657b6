// A run of its own, for tests that need several: obtains what it is told to.
import { parseCatalogue } from '../../lib/artifacts/catalogue.ts'
import { obtain } from '../../lib/artifacts/obtain.ts'

const [name = '', version = '', source = ''] = process.argv.slice(2)
const artifact = await obtain(name, version, 'amd64', {
  sources: ['download'],
  catalogue: parseCatalogue(source, 'a test'),
  report: (event) => console.error(JSON.stringify(event)),
})
console.log(artifact.source)
