import { existsSync } from 'node:fs'

/** The browser of the tests: of Debian, or of whoever says which. */
export const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'

/** What this host lacks for tests in a browser. */
export function browserLacks(): string[] {
  if (existsSync(executablePath)) return []
  return [`no ${executablePath}: install Chromium, or set CHROMIUM to its path`]
}
