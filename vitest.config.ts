import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/reference/fetch-sources.ts'],
    exclude: ['test/e2e/**', 'test/site/**'],
    // For what hangs. How fast a machine is proves nothing about the code.
    testTimeout: 60_000,
  },
})
