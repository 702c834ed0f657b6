import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe } from 'vitest'
import { temporaryFolder } from '../transport/session.ts'
import { unpacked } from './image.ts'
import { test } from './printed.ts'
import { apart, lackOf, pathOf } from './programs.ts'

const images = ['coredns', 'agnhost']

const lack = lackOf([...images, 'etcdctl'], { root: true })

describe.skipIf(lack)('DNS', () => {
  const folder = temporaryFolder()
  const values: Record<string, string> = {}

  beforeAll(async () => {
    const [coredns, pod] = await Promise.all(
      images.map((image) => unpacked(image, folder)),
    )
    const etcdctl = pathOf('etcdctl')
    Object.assign(values, { coredns: `${coredns}/coredns`, pod, etcdctl })
    mkdirSync(`${pod}/etc`, { recursive: true })
    writeFileSync(`${pod}/etc/resolv.conf`, 'nameserver 127.0.0.1\n')
  })

  /** Runs a script where CoreDNS, with these plugins, is the resolver. */
  function where(plugins: string, script: string): Promise<string> {
    const file = join(folder, 'Corefile')
    writeFileSync(file, `.:53 {\n${plugins}\n}\n`)
    return apart(
      `mount --bind "$pod/etc/resolv.conf" /etc/resolv.conf
      "$coredns" -conf "$file" &
      until (: >/dev/tcp/127.0.0.1/53) 2>/dev/null || ! kill -0 $! 2>/dev/null
      do sleep 0.1; done
      ${script}`,
      { ...values, file },
    )
  }

  test('a pod gets nothing where nobody answers', async ({ prints }) => {
    const script = 'chroot "$pod" nslookup kubernetes.default.'
    await prints(() => apart(script, values))
  })

  test('a pod is told of a name that nobody has', async ({ prints }) => {
    const nobody = 'template IN ANY . {\n rcode NXDOMAIN\n}'
    const script = 'chroot "$pod" nslookup nobody.default.'
    await prints(() => where(nobody, script))
  })

  test('a resolver that fails, fails its client', async ({ prints }) => {
    const failing = 'template IN ANY . {\n rcode SERVFAIL\n}'
    const script = '"$etcdctl" --endpoints http://cp-1:2379 get /'
    await prints(() => where(failing, script))
  })

  test('CoreDNS that asks itself stops', async ({ prints }) => {
    const itself = 'forward . 127.0.0.1:53\nloop'
    await prints(() => where(itself, 'wait'))
  })
})
