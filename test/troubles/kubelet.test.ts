import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe } from 'vitest'
import { yaml } from '../../lib/yaml.ts'
import { temporaryFolder } from '../transport/session.ts'
import { test } from './printed.ts'
import { apart, lackOf, pathOf } from './programs.ts'

const programs = ['kubelet', 'containerd']

describe.skipIf(lackOf(programs, { root: true }))('a kubelet', () => {
  const folder = temporaryFolder()
  const socket = join(folder, 'containerd.sock')
  const files = {
    runtime: join(folder, 'containerd.toml'),
    settings: join(folder, 'kubelet.yaml'),
    swaps: join(folder, 'swaps'),
  }

  /**
   * What a kubelet without an API prints until it has ended, or until it has
   * said the word that it is heard for.
   *
   * @param before changes what it finds on its machine
   * @param runtime further lines of the configuration of containerd
   */
  function saidBy({
    settings = {},
    runtime = '',
    before = '',
    until = 'command failed',
  }): Promise<string> {
    writeFileSync(
      files.runtime,
      `version = 3\nroot = "${folder}/root"\nstate = "${folder}/state"\n` +
        `${runtime}\n[grpc]\naddress = "${socket}"\n`,
    )
    const configuration = {
      apiVersion: 'kubelet.config.k8s.io/v1beta1',
      kind: 'KubeletConfiguration',
      containerRuntimeEndpoint: `unix://${socket}`,
      ...{ cgroupDriver: 'cgroupfs', failCgroupV1: false, failSwapOn: false },
      // It changes neither the kernel nor the cgroups of this host.
      ...{ protectKernelDefaults: true, cgroupsPerQOS: false },
      enforceNodeAllocatable: [],
      authentication: { webhook: { enabled: false } },
      authorization: { mode: 'AlwaysAllow' },
      ...settings,
    }
    writeFileSync(files.settings, yaml(configuration))
    const columns = 'Filename\tType\tSize\tUsed\tPriority\n'
    writeFileSync(files.swaps, `${columns}/dev/sda2 partition 999 0 -2\n`)
    return apart(
      `for folder in /etc/cni /run /usr/libexec /var/lib /var/log
      do [ ! -d $folder ] || mount -t tmpfs tmpfs $folder; done
      ${before}
      rm -f "$socket"
      "$containerd" --config "$runtime" >/dev/null 2>&1 &
      until [ -S "$socket" ] || ! kill -0 $!; do sleep 0.1; done
      "$kubelet" --v 4 --config "$settings" --root-dir "$folder/kubelet" \\
        --cert-dir "$folder/pki" 2>&1 | sed '/${until}/q'`,
      {
        ...{ ...files, folder, socket },
        ...{ kubelet: pathOf('kubelet'), containerd: pathOf('containerd') },
      },
    )
  }

  test('without a pod network is not ready', async ({ prints }) => {
    await prints(() => saidBy({ until: 'network not ready' }))
  })

  test('finds no CRI where containerd has it off', async ({ prints }) => {
    const runtime = 'disabled_plugins = ["io.containerd.grpc.v1.cri"]'
    await prints(() => saidBy({ runtime }))
  })

  test('that must not have swap stops where there is some', async ({
    prints,
  }) => {
    const before = 'mount --bind "$swaps" /proc/swaps'
    const settings = { failSwapOn: true }
    await prints(() => saidBy({ settings, before }))
  })

  test('stops on the old kind of cgroups', async ({ prints }) => {
    // The kind is that of the file system at this place.
    const before = 'mount -t tmpfs tmpfs /sys/fs/cgroup'
    const settings = { failCgroupV1: true }
    await prints(() => saidBy({ settings, before }))
  })
})
