import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe } from 'vitest'
import { temporaryFolder } from '../transport/session.ts'
import { unpacked } from './image.ts'
import { test } from './printed.ts'
import { apart, lackOf } from './programs.ts'

const images = ['coredns', 'agnhost']

describe.skipIf(lackOf(images, { root: true }))('a pod that asks', () => {
  const folder = temporaryFolder()
  const values: Record<string, string> = {}

  beforeAll(async () => {
    const [coredns, pod] = await Promise.all(
      images.map((image) => unpacked(image, folder)),
    )
    Object.assign(values, { coredns: `${coredns}/coredns`, pod })
    mkdirSync(`${pod}/etc`, { recursive: true })
    writeFileSync(`${pod}/etc/resolv.conf`, 'nameserver 127.0.0.1\n')
  })

  /** What it prints where CoreDNS, if there is one, is told this. */
  function asks(name: string, server?: string): Promise<string> {
    values.file = join(folder, 'Corefile')
    values.name = name
    writeFileSync(values.file, server ?? '')
    const serve = `
      "$coredns" -conf "$file" &
      until (: >/dev/tcp/127.0.0.1/53) 2>/dev/null; do sleep 0.1; done`
    return apart(
      `${server ? serve : ''}
      chroot "$pod" nslookup "$name"`,
      values,
    )
  }

  test('where nobody answers gets nothing', async ({ prints }) => {
    await prints(() => asks('kubernetes.default.'))
  })

  test('for a name that nobody has is told so', async ({ prints }) => {
    const nobody = '.:53 {\n  template IN ANY . { rcode NXDOMAIN\n }\n}\n'
    await prints(() => asks('nobody.default.', nobody))
  })

  test('CoreDNS that asks itself stops', async ({ prints }) => {
    const itself = '.:53 {\n  forward . 127.0.0.1:53\n  loop\n}\n'
    writeFileSync(join(folder, 'Corefile'), itself)
    const file = join(folder, 'Corefile')
    await prints(() => apart('"$coredns" -conf "$file"', { ...values, file }))
  })
})
