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

/** A file of tests, in the report of Vitest. */
interface TestFile {
  name: string
  status: string
  message: string
  assertionResults: {
    fullName: string
    status: string
    failureMessages: string[]
  }[]
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
    const results: TestFile[] = report.testResults
    total.passed += report.numPassedTests
    total.skipped += report.numPendingTests + report.numTodoTests
    const before = total.failed
    for (const { name, status, message, assertionResults } of results) {
      const tests = assertionResults.filter(({ status }) => status === 'failed')
      for (const { fullName, failureMessages } of tests)
        fail(`${name} ${fullName}\n${failureMessages.join('\n')}`)
      // Not loaded, or not tidied up after: no test of the file has failed.
      if (status === 'failed' && tests.length === 0) fail(`${name}\n${message}`)
    }
    const none = total.failed === before
    // What nobody waited for: the report has nothing of it.
    if (exitCode !== 0 && none) fail(`${what}: see above`)
    // After a failure, the rest is skipped for its sake.
    if (inCi && none)
      for (const { name, assertionResults } of results)
        for (const { status, fullName } of assertionResults)
          if (status !== 'passed') {
            total.skipped--
            fail(`${name} ${fullName}: skipped, and CI has to look at it`)
          }
  } catch {
    fail(`${what}: ended without a report`)
  } finally {
    rmSync(file, { force: true })
  }
}
