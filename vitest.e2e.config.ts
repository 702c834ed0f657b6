import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/e2e/**/*.test.ts'],
    // By `npm run test:vm`: steps 10 to 14 and the rest take emulated machines
    // half an hour. What precedes them is in power-cuts.test.ts.
    exclude: ['test/e2e/vm.test.ts'],
    // Real machines: one thing at a time, and stop at the first that fails,
    // because what follows would fail for its sake.
    fileParallelism: false,
    bail: 1,
    testTimeout: 15 * 60_000,
    hookTimeout: 5 * 60_000,
  },
})
