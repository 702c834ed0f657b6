// What etcd holds, past the API that hides it

import assert from 'node:assert/strict'
import { etcdctl } from '../etcd/etcdctl.ts'
import type { Trial } from './trial.ts'

/** An object of this kind, as whoever steals a disk would find it. */
export async function stored({ cluster, namespace }: Trial, kind: string) {
  // #region stored
  const [member] = cluster.controlPlanes
  assert(member, 'there is no control plane')
  const json = await member.read`
    ${etcdctl()} get --write-out json \
      /registry/${kind}/${namespace}/word`
  const [{ value }] = JSON.parse(json).kvs
  return Buffer.from(value, 'base64').toString('latin1')
  // #endregion stored
}
