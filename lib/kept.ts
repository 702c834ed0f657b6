import { dirname } from 'node:path'
import type { MachineEntry } from './cluster.ts'
import { quote } from './shell.ts'
import { sshOptions } from './ssh.ts'

/** A file of the state folder that a second one cannot stand in for. */
export interface Kept {
  /** What a new one would cost. */
  loses: string
  /** Where each control plane has the same, from which step on. */
  copy?: { step: string; path: string }
}

const foreign =
  'a new one would be another authority: all certificates that this one ' +
  'signed would be refused'
const tokens = 'with a new one, all tokens that pods hold would be refused'
const secrets = 'with a new one, no Secret in etcd could ever be read again'

const apiServer = '/etc/kubernetes/api-server'
const controllers = '/etc/kubernetes/controllers'

/**
 * What steps 03 and 04 make once, by its name in the state folder. The key of
 * service accounts has a public half too: that follows from it.
 */
export const kept: Readonly<Record<string, Kept>> = {
  'pki/cluster/ca.crt': copied(foreign, '06', `${apiServer}/ca.crt`),
  'pki/cluster/ca.key': copied(foreign, '07', `${controllers}/ca.key`),
  'pki/etcd/ca.crt': copied(foreign, '05', '/etc/etcd/pki/ca.crt'),
  'pki/etcd/ca.key': { loses: foreign },
  'pki/front-proxy/ca.crt': copied(
    foreign,
    '06',
    `${apiServer}/front-proxy-ca.crt`,
  ),
  'pki/front-proxy/ca.key': { loses: foreign },
  'pki/service-account.key': copied(
    tokens,
    '06',
    `${apiServer}/service-account.key`,
  ),
  'encryption.yaml': copied(secrets, '06', `${apiServer}/encryption.yaml`),
}

/**
 * The command that fetches a file from a machine, to paste.
 *
 * @param machine has the file
 * @param directory the cluster's state folder
 * @param remote path there
 * @param local path here; it will be for its owner alone
 * @example
 * fetchCommand(machine, directory, '/etc/etcd/pki/ca.crt', 'pki/etcd/ca.crt')
 */
export function fetchCommand(
  machine: MachineEntry,
  directory: string,
  remote: string,
  local: string,
): string {
  const sudo = machine.ssh.user === 'root' ? '' : 'sudo '
  const options = [
    ...sshOptions(machine, directory),
    `${sudo}cat ${quote(remote)}`,
  ]
  const ssh = ['ssh', ...options].map(quote).join(' ')
  const folder = quote(dirname(local))
  return `(umask 077; mkdir -p ${folder}; ${ssh} > ${quote(local)})`
}

function copied(loses: string, step: string, path: string): Kept {
  return { loses, copy: { step, path } }
}
