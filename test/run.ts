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
const wrong: string[] = []

await check('types', 'npm', 'run', '--silent', 'check')
await check('format and lint', 'biome', 'check')
await vitest('unit, step and transport tests', 'vitest.config.ts')

await vitest('site in a browser', 'vitest.site.config.ts', browserLacks())
await vitest('end to end', 'vitest.e2e.config.ts', hostLacks())

const { passed, failed, skipped } = total
// Once more at the end: a log is read from there, and often cut before it.
for (const it of wrong) console.log(`✗ ${it}`)
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
  else fail(what)
}

function fail(what: string) {
  total.failed++
  wrong.push(what)
}

async function vitest(what: string, config: string, missing: string[] = []) {
  if (missing.length > 0) {
    console.log(
      `\n${what}: this host cannot run it:\n  ${missing.join('\n  ')}`,
    )
    // Skipped at home, it is a fact; skipped in CI, nobody has looked.
    if (inCi) fail(`${what}: ${missing.join(', ')}`)
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
    for (const { name, assertionResults } of report.testResults)
      for (const { status, fullName, failureMessages } of assertionResults)
        if (status === 'failed')
          fail(`${name} ${fullName}\n${failureMessages.join('\n')}`)
        // After a failure, the rest is skipped for its sake.
        else if (status !== 'passed' && inCi && report.numFailedTests === 0) {
          total.skipped--
          fail(`${name} ${fullName}: skipped, and CI has to look at it`)
        }
    // A file that cannot even be loaded has no failed test to count.
    if (exitCode !== 0 && report.numFailedTests === 0)
      fail(`${what}: see above`)
  } catch {
    fail(`${what}: ended without a report`)
  } finally {
    rmSync(file, { force: true })
  }
}
