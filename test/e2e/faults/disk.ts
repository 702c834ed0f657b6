// A member of etcd whose disk is full.

import { until } from '../../../lib/wait.ts'
import { leaderAndFollower, memberOf } from './members.ts'
import { rounded, type Scene } from './scene.ts'

const data = '/var/lib/etcd'

/**
 * The data of one member moves to a small file system, which is filled and
 * emptied again.
 */
export async function diskFull(scene: Scene): Promise<string> {
  const { cluster, guide, writer } = scene
  const { follower } = await leaderAndFollower(cluster)
  await guide.on(follower.name, moveIn)
  await scene.whole()

  const full = performance.now()
  await guide.on(follower.name, fill)
  await until(
    'the member cannot write any more',
    async () => {
      await grow(scene)
      return !(await memberOf(cluster, follower)).healthy
    },
    { seconds: 120 },
  )
  const fell = rounded((performance.now() - full) / 1000)
  await writer.more(100)

  const freed = performance.now()
  await guide.on(follower.name, `rm ${data}/filler`)
  await until(
    'the member is back',
    async () => (await memberOf(cluster, follower)).healthy,
    { seconds: 120 },
  )
  const back = rounded((performance.now() - freed) / 1000)
  await scene.whole()
  await guide.on(follower.name, moveOut)
  return (
    `the member stopped ${fell} s after the last byte was taken, the others ` +
    `wrote on; it was back ${back} s after there was space`
  )
}

// Room for what is there, without its holes, and for one more of the files
// that its log is in.
const moveIn = `set -eu
  systemctl stop etcd
  mv ${data} ${data}.kept
  size=$(($(du -sm --apparent-size ${data}.kept | cut -f 1) + 96))
  mkdir ${data}
  mount -t tmpfs -o size=\${size}m tmpfs ${data}
  cp -a ${data}.kept/. ${data}/
  systemctl start etcd`

// To the last byte: the end of dd with an error is what is wanted.
const fill = `! cat /dev/zero > ${data}/filler 2>/dev/null`

const moveOut = `set -eu
  systemctl stop etcd
  mkdir ${data}.back
  cp -a ${data}/. ${data}.back/
  umount ${data}
  rmdir ${data}
  mv ${data}.back ${data}
  rm -r ${data}.kept
  systemctl start etcd`

// A database writes over what it has freed; it must need more than that.
async function grow({ api }: Scene): Promise<void> {
  const metadata = { name: 'grow', namespace: 'default' }
  const text = Math.random().toString(36).repeat(20_000)
  const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata }
  await api.apply({ ...configMap, data: { text } })
  await api.delete(configMap)
}
