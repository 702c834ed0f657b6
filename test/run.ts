// npm test: everything that can be wrong, cheapest first, one count at the end.

import { readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { hostLacks } from './e2e/requirements.ts'
import { browserLacks } from './site/requirements.ts'

interface Count {
  passed: number
  failed: number
  skipped: number
}

const total: Count = { passed: 0, failed: 0, skipped: 0 }
const inCi = process.env.CI === 'true'

await check('types', 'npm', 'run', '--silent', 'check')
await check('format and lint', 'biome', 'check')
await vitest('unit, step and transport tests', 'vitest.config.ts')

await vitest('site in a browser', 'vitest.site.config.ts', browserLacks())
await vitest('end to end', 'vitest.e2e.config.ts', hostLacks())

const { passed, failed, skipped } = total
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exitCode = failed > 0 || passed === 0 ? 1 : 0

async function check(what: string, command: string, ...args: string[]) {
  console.log(`\n${what}`)
  const { exitCode } = await execa(command, args, {
    stdio: 'inherit',
    reject: false,
    preferLocal: true,
  })
  if (exitCode === 0) total.passed++
  else total.failed++
}

async function vitest(what: string, config: string, missing: string[] = []) {
  if (missing.length > 0) {
    console.log(
      `\n${what}: this host cannot run it:\n  ${missing.join('\n  ')}`,
    )
    // Skipped at home, it is a fact; skipped in CI, nobody has looked.
    if (inCi) total.failed++
    else total.skipped++
    return
  }
  console.log(`\n${what}`)
  const file = join(tmpdir(), `kfs-test-${process.pid}.json`)
  const reporters = ['--reporter=default', '--reporter=json']
  const { exitCode } = await execa(
    'vitest',
    ['run', '--config', config, ...reporters, `--outputFile.json=${file}`],
    { stdio: 'inherit', reject: false, preferLocal: true },
  )
  try {
    const report = JSON.parse(readFileSync(file, 'utf8'))
    total.passed += report.numPassedTests
    total.skipped += report.numPendingTests + report.numTodoTests
    total.failed += report.numFailedTests
    // A file that cannot even be loaded has no failed test to count.
    if (exitCode !== 0 && report.numFailedTests === 0) total.failed++
  } catch {
    total.failed++
  } finally {
    rmSync(file, { force: true })
  }
}
