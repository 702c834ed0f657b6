import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/site/**/*.test.ts'],
    globalSetup: ['test/site/build.ts'],
    // Each file has a browser of its own; two of them fill two cores.
    maxWorkers: 2,
    testTimeout: 90_000,
    hookTimeout: 60_000,
  },
})
