import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/e2e/vm.test.ts'],
    fileParallelism: false,
    bail: 1,
    // Emulated machines are slow, and how slow depends on the host: this only
    // ends what hangs.
    testTimeout: 60 * 60_000,
    hookTimeout: 10 * 60_000,
  },
})
