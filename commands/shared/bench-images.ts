// The images that kubeadm asks for, around the programs that our units run.

import { mkdir, readFile, realpath, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import type { Architecture } from '../../lib/artifacts/artifact.ts'
import { imageArchive, imageOf } from '../../lib/artifacts/image.ts'
import { obtain } from '../../lib/artifacts/obtain.ts'
import type { TarEntry } from '../../lib/artifacts/tar.ts'
import type { Cluster } from '../../lib/cluster.ts'

/** Archives of the images, by the machines that need them. */
export interface KubeadmImages {
  controlPlane: string[]
  everywhere: string[]
}

const folder = 'usr/local/bin'

/**
 * Packs the programs of a cluster's versions into images with the names that
 * kubeadm looks for.
 *
 * @param into folder for the archives
 */
export async function kubeadmImages(
  cluster: Cluster,
  architecture: Architecture,
  into: string,
): Promise<KubeadmImages> {
  const { kubernetes, etcd } = cluster.versions
  await mkdir(into, { recursive: true })
  const make = async (name: string, tag: string, more: TarEntry[] = []) => {
    const version = name === 'etcd' ? etcd : kubernetes
    const program = await obtain(name, version, architecture, cluster.artifacts)
    const content = [await readFile(program.file)]
    const image = imageOf(
      `registry.k8s.io/${name}:${tag}`,
      architecture,
      {
        Entrypoint: [`/${folder}/${name}`],
        Env: [`PATH=/${folder}:/usr/sbin:/usr/bin:/sbin:/bin`],
        WorkingDir: '/',
      },
      [{ path: `${folder}/${name}`, content, mode: 0o755 }, ...more],
    )
    const file = join(into, `${name}.tar`)
    await writeFile(file, imageArchive(image))
    return file
  }
  return {
    controlPlane: [
      await make('kube-apiserver', `v${kubernetes}`),
      await make('kube-controller-manager', `v${kubernetes}`),
      await make('kube-scheduler', `v${kubernetes}`),
      await make('etcd', etcd),
    ],
    everywhere: [await make('kube-proxy', `v${kubernetes}`, await nft())],
  }
}

// kube-proxy runs `nft`. In a unit it is the machine's; an image needs its
// own, and what it is linked with.
async function nft(): Promise<TarEntry[]> {
  const program = '/usr/sbin/nft'
  const { stdout } = await execa('ldd', [program])
  const libraries = stdout.match(/\/\S+(?= \(0x)/g) ?? []
  return Promise.all(
    [program, ...libraries].map(async (path) => ({
      path: path.slice(1),
      content: [await readFile(await realpath(path))],
      mode: 0o755,
    })),
  )
}
