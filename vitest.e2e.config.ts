import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/e2e/**/*.test.ts'],
    // Real machines: one thing at a time, and stop at the first that fails,
    // because what follows would fail for its sake.
    fileParallelism: false,
    bail: 1,
    // How slow an emulated machine is depends on the host: this only ends what
    // hangs.
    testTimeout: 45 * 60_000,
    hookTimeout: 10 * 60_000,
  },
})
