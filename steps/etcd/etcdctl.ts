// How steps 05 and 14 ask etcd, on the machine of a member

import { patient } from '../../lib/patience.ts'
import { type Script, sh } from '../../lib/shell.ts'

// #region etcdctl
/** Folder of etcd's certificates and keys. */
export const pki = '/etc/etcd/pki'

/** `etcdctl` as root, who alone may read its key. */
export function etcdctl(): Script {
  // By itself it gives up after two seconds without a connection and five
  // without an answer: too soon for slow machines.
  const limit = `${patient(5)}s`
  return sh`etcdctl --dial-timeout ${limit} --command-timeout ${limit} \
    --cacert ${pki}/ca.crt --cert ${pki}/etcdctl.crt \
    --key ${pki}/etcdctl.key`
}
// #endregion etcdctl
