// The page on hardening says what is set. Here is whether it is.

import { isDeepStrictEqual } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import {
  type Check,
  controls,
  type Program,
} from '../../docs/.vitepress/data/cis.ts'
import type { Machine } from '../../lib/machine.ts'
import type { Ground } from './refusals/ground.ts'

type Seen<Kind extends string> = Extract<Check, Record<Kind, unknown>>

/** A control that a test of its own proves has nothing to be looked at. */
const looked = Object.values(controls)
  .flat()
  .map(({ ids, asks, checks }) => ({
    number: ids.join(', '),
    asks,
    checks: checks.filter((check) => !('test' in check)),
  }))
  .filter(({ checks }) => checks.length > 0)

/** Looks at every setting that the page on hardening names. */
export function settingsAreAsSaid(ground: () => Ground): void {
  describe('is hardened as the page says', () => {
    let configured: Map<string, unknown>

    beforeAll(async () => {
      const { api, cluster } = ground()
      const all = cluster.machines.map(async ({ name }) => {
        const { kubeletconfig } = await api.send(
          'GET',
          `/api/v1/nodes/${name}/proxy/configz`,
        )
        return [name, kubeletconfig] as const
      })
      configured = new Map(await Promise.all(all))
    })

    test.each(looked)('$number: $asks', async ({ checks }) => {
      const wrong: string[] = []
      for (const check of checks) wrong.push(...(await wrongWith(check)))
      expect(wrong).toEqual([])
    })

    async function wrongWith(check: Check): Promise<string[]> {
      if ('flag' in check) return wrongFlag(check)
      if ('path' in check) return wrongAccess(check)
      if ('field' in check) return wrongField(check)
      return []
    }

    async function wrongFlag({ flag, of, is }: Seen<'flag'>) {
      const found = await everywhere(of, async (machine) => {
        const flags = await flagsOf(machine, of)
        const value = flags.get(flag)
        const isRight =
          is === null
            ? value === undefined
            : is instanceof RegExp
              ? is.test(value ?? '')
              : value === is
        return isRight ? [] : [`${machine.name}: --${flag}=${value}`]
      })
      return found
    }

    async function wrongField({ field, of, is }: Seen<'field'>) {
      const machines = await having(of === 'kubelet' ? '/' : of)
      const found = machines.map(async (machine) => {
        const all =
          of === 'kubelet'
            ? configured.get(machine.name)
            : parse(await machine.read`cat ${of}`)
        const value = field
          .split('.')
          .reduce((part: unknown, key) => (part as never)?.[key], all)
        return isDeepStrictEqual(value, is)
          ? []
          : [`${machine.name}: ${field} is ${JSON.stringify(value)}`]
      })
      return (await Promise.all(found)).flat()
    }

    async function wrongAccess({ path, mode, owner }: Seen<'path'>) {
      const machines = await having(path)
      const found = machines.map(async (machine) => {
        const said = await machine.read`stat --format '%a %U:%G' ${path}`
        const [bits = '', whose] = said.split(' ')
        const isMore = Number.parseInt(bits, 8) & ~mode
        return isMore === 0 && whose === owner
          ? []
          : [`${machine.name}: ${path} is ${said}`]
      })
      return (await Promise.all(found)).flat()
    }

    /** Machines that have a file; at least one must. */
    async function having(path: string): Promise<Machine[]> {
      const { machines } = ground()
      const all = machines.map((machine) => machine.test`[ -e ${path} ]`)
      const found = await Promise.all(all)
      const those = machines.filter((_, at) => found[at])
      if (those.length === 0) throw new Error(`no machine has ${path}`)
      return those
    }

    async function everywhere(
      program: Program,
      look: (machine: Machine) => Promise<string[]>,
    ) {
      const { machines, controlPlanes } = ground()
      const those = program === 'kubelet' ? machines : controlPlanes
      return (await Promise.all(those.map(look))).flat()
    }
  })
}

/** The flags of a program that runs, as the kernel has them. */
async function flagsOf(machine: Machine, program: Program) {
  const line = await machine.read`
    tr '\0' '\n' </proc/$(systemctl show --value -p MainPID ${program})/cmdline`
  return new Map(
    line.split('\n').flatMap((word) => {
      const [, name, value = ''] = /^--([\w-]+)(?:=(.*))?$/.exec(word) ?? []
      return name ? [[name, value] as const] : []
    }),
  )
}
