/** Numbers by chance, and the same ones for the same seed. */
export interface Chance {
  /** From 0 to below a number. */
  below(limit: number): number
  /** One of these. */
  pick<T>(all: readonly T[]): T
}

/** @see https://en.wikipedia.org/wiki/Linear_congruential_generator */
export function chance(seed: number): Chance {
  let state = seed >>> 0
  const below = (limit: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    // The low digits of such a generator repeat soon.
    return Math.floor((state / 2 ** 32) * limit)
  }
  return { below, pick: (all) => all[below(all.length)] as never }
}

/**
 * How long and from where to fuzz. `FUZZ_SEED` and `FUZZ_RUNS` replace the
 * defaults, for a night of looking or to see one failure again.
 */
export function fuzzing(runs: number) {
  const { FUZZ_SEED: seed = 20260101, FUZZ_RUNS: more = runs } = process.env
  return { seed: Number(seed), runs: Number(more) }
}
