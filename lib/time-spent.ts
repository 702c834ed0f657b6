/**
 * What a step spends its time on, the most telling first: where two happen at
 * the same time, it counts for the former.
 */
const kinds = ['transfer', 'waiting', 'machines', 'api'] as const
type Kind = (typeof kinds)[number]

const underWay = new Map<Kind, number>()
const spent = new Map<Kind, number>()
let since = performance.now()

/**
 * Counts the time of some work: getting files to machines (`transfer`),
 * `waiting` until something is so, running scripts on `machines`, or asking
 * the `api`. Machines work side by side, so this is time that passed, not a
 * sum over machines.
 *
 * @example
 * const said = await spending('machines', transport.run('hostname'))
 */
export async function spending<T>(kind: Kind, work: Promise<T>): Promise<T> {
  count(kind, 1)
  try {
    return await work
  } finally {
    count(kind, -1)
  }
}

/**
 * Milliseconds spent since this process began, by what they went into.
 *
 * @example
 * timeSpent().machinesMilliseconds // 639
 */
export function timeSpent(): Record<`${Kind}Milliseconds`, number> {
  const of = (kind: Kind) => Math.round(spent.get(kind) ?? 0)
  return {
    transferMilliseconds: of('transfer'),
    waitingMilliseconds: of('waiting'),
    machinesMilliseconds: of('machines'),
    apiMilliseconds: of('api'),
  }
}

function count(kind: Kind, change: 1 | -1): void {
  const now = performance.now()
  const busy = kinds.find((kind) => (underWay.get(kind) ?? 0) > 0)
  if (busy) spent.set(busy, (spent.get(busy) ?? 0) + now - since)
  since = now
  underWay.set(kind, (underWay.get(kind) ?? 0) + change)
}
