/** A message, what it means and what to do. */
export interface Trouble {
  /** As it is printed; … stands for what differs. */
  text: string
  /** Who prints it; `guide` is a step or a command of this repository. */
  by: string
  cause: string
  remedy: string
  proof?: Proof
}

/** A test that breaks a machine, a file or a cluster in this way. */
export interface Proof {
  file: string
  /** Its title; or, with several cells, the beginning of its row. */
  title: string | readonly string[]
}

/** By what the reader was doing. A test looks for our texts in the code. */
export const troubles: Record<string, readonly Trouble[]> = {
  'reaching-machines': [
    {
      text: 'Permission denied (publickey…).',
      by: 'ssh',
      cause:
        'The machine has no key of yours for this user. Cloud images often ' +
        'allow no password and no root.',
      remedy:
        'Put your public key into `~/.ssh/authorized_keys` of the user, and ' +
        'name the user and the key under `ssh` in cluster.yaml. A user other ' +
        'than root needs `sudo` without a password.',
      proof: {
        file: 'test/troubles/ssh.test.ts',
        title: 'without a key that the machine knows is denied',
      },
    },
    {
      text: 'Connection refused',
      by: 'ssh',
      cause: 'Nothing listens on the SSH port of that address.',
      remedy:
        'Compare address and port with cluster.yaml, and start sshd. For ' +
        'machines of the lab: `npm run lab -- up`.',
      proof: {
        file: 'test/troubles/ssh.test.ts',
        title: 'is refused where nobody listens',
      },
    },
    {
      text: 'Could not resolve hostname …',
      by: 'ssh',
      cause: 'The name under `ssh.host` is unknown to this computer.',
      remedy:
        'Write the address instead, or add the name to `~/.ssh/config`. ' +
        'Nothing else depends on names: step 02 writes all of them into ' +
        '`/etc/hosts` of every machine.',
      proof: {
        file: 'test/troubles/ssh.test.ts',
        title: 'finds no machine of a name that is unknown',
      },
    },
    {
      text: 'REMOTE HOST IDENTIFICATION HAS CHANGED',
      by: 'ssh',
      cause:
        'The machine at this address shows another host key than before: it ' +
        'was made anew, or somebody else answers.',
      remedy:
        'If you made it anew, remove the old key with the command that the ' +
        'message names. If not, find out who answers before you go on.',
      proof: {
        file: 'test/troubles/ssh.test.ts',
        title: 'stops where the host key is another one',
      },
    },
    {
      text: '… is a machine of another cluster',
      by: 'guide',
      cause:
        'The file `/etc/kubernetes-from-scratch/cluster` on the machine names ' +
        'another cluster than your state folder.',
      remedy:
        'Undo the other cluster with its own state folder, or correct the ' +
        'address in cluster.yaml.',
      proof: { file: 'test/steps/order.test.ts', title: 'is not touched' },
    },
    {
      text: 'Another run is changing this cluster: process … on …',
      by: 'guide',
      cause: 'Two runs would undo each other’s work, so there is a lock.',
      remedy: 'Wait until it has finished, then run the same command again.',
      proof: {
        file: 'test/e2e/default.test.ts',
        title: 'two runs at once: the second says who holds the lock',
      },
    },
    {
      text: '… cannot run yet: missing …',
      by: 'guide',
      cause:
        'An earlier step has not run, not to its end, or not on all machines.',
      remedy: 'Run the command that the message names.',
      proof: {
        file: 'test/steps/order.test.ts',
        title: 'is refused, names what is missing, and does nothing',
      },
    },
    {
      text: '… cannot be undone while later steps stand: …',
      by: 'guide',
      cause: 'What you undo is what the later steps stand on.',
      remedy: 'Undo those first, or all at once with `--cascade`.',
      proof: {
        file: 'test/e2e/default.test.ts',
        title: 'undo refuses while a later step stands',
      },
    },
  ],
  connection: [
    {
      text: 'the connection ended in the middle of a script',
      by: 'guide',
      cause: 'The machine, its network or its sshd went away during a step.',
      remedy:
        'Run the same command again: what is done stays, and the rest is ' +
        'done.',
      proof: {
        file: 'test/e2e/default.test.ts',
        title: 'a machine that dies in the middle is named, and no loss',
      },
    },
    {
      text: '…: a command failed with exit code …',
      by: 'guide',
      cause:
        'The last lines that it printed stand below, and how to run it by ' +
        'hand.',
      remedy:
        'Paste that command into a shell of yours: it runs on the machine, as ' +
        'the step ran it.',
      proof: {
        file: 'test/transport/host.test.ts',
        title: 'tells how to run by hand what failed',
      },
    },
    {
      text: '…, in vain',
      by: 'guide',
      cause:
        'A step waited for something, mostly a service that should become ' +
        'healthy, and it did not happen in time. What was seen last stands ' +
        'below.',
      remedy: 'The lines with → name the log to look at.',
      proof: {
        file: 'test/unit/wait.test.ts',
        title: 'what is never so ends with the last words, and with advice',
      },
    },
    {
      text: '… was not restarted, because it did not become healthy on …; it runs with what it read before',
      by: 'guide',
      cause:
        'Members of etcd and API servers restart one after the other. The ' +
        'first did not come back with its new configuration, so the others ' +
        'were left as they are: the cluster still works.',
      remedy:
        'Look at the log of the one that is named. Take the change back, or ' +
        'correct it, and run the step again.',
      proof: {
        file: 'test/unit/service.test.ts',
        title: 'end with the first that does not become healthy',
      },
    },
  ],
  'cluster-file': [
    {
      text: '…, allowed: …',
      by: 'guide',
      cause:
        'A field of cluster.yaml says what it may not. All mistakes are ' +
        'printed at once, each with line and column.',
      remedy:
        'What is allowed stands at the end of the line, and for every field ' +
        'in [cluster.yaml](/reference/cluster-yaml).',
      proof: {
        file: 'test/unit/cluster-file.test.ts',
        title: 'is refused with every mistake and its place: %s',
      },
    },
    {
      text: 'The state folder … belongs to the cluster …',
      by: 'guide',
      cause: 'Its keys were made for other machines.',
      remedy:
        'Put the right folder back from your backup, or give the cluster ' +
        'another `name`.',
      proof: {
        file: 'test/e2e/default.test.ts',
        title: 'the state folder of another cluster is refused',
      },
    },
  ],
  machines: [
    {
      text: 'Unit … is masked.',
      by: 'systemctl',
      cause:
        'Nobody has masked it: its file is empty. The machine lost power ' +
        'before the file was on its disk.',
      remedy:
        'Run the step that writes the unit once more; whatever differs from ' +
        'what it should be is written again. A step that has ended well has ' +
        'everything on the disk.',
    },
    {
      text: '… does not meet the node spec (…); nothing was changed',
      by: 'guide',
      cause: 'A check of step 02 that blocks has failed.',
      remedy:
        'Each line below the message says what was found, what is wanted and ' +
        'what to do; the [node spec](/node-spec) says more of each.',
      proof: {
        file: 'test/unit/node-spec.test.ts',
        title: 'names everything that blocks a machine, with reason and remedy',
      },
    },
    {
      text: 'modprobe: FATAL: Module br_netfilter not found',
      by: 'modprobe',
      cause:
        'The kernel runs, but its modules are gone: it was upgraded, or it ' +
        'is a small one of a cloud.',
      remedy:
        'Reboot into the kernel that is installed, or install the standard ' +
        'kernel of the distribution.',
      proof: {
        file: 'test/unit/node-spec-checks.test.ts',
        title: 'A module is missing only where somebody can tell',
      },
    },
    {
      text: 'address already in use',
      by: 'any component',
      cause: 'Another program, often another Kubernetes, holds the port.',
      remedy:
        '`ss -lntp` names it. Stop it, then run the step again. The check ' +
        '[ports](/node-spec#ports) finds it before anything is changed.',
      proof: {
        file: 'test/troubles/api.test.ts',
        title: 'stops at a port that another holds',
      },
    },
    {
      text: 'no space left on device',
      by: 'any component',
      cause: 'The disk, or its inodes, are used up.',
      remedy:
        '`df -h` and `df -i` tell which. etcd accepts no more writes on a ' +
        'full disk; make room, then it goes on by itself.',
      proof: {
        file: 'test/troubles/etcd.test.ts',
        title: 'that is full lets no member start',
      },
    },
    {
      text: '…: its clock is … the others, allowed are 30 s',
      by: 'guide',
      cause:
        'Clocks differ by more than 30 seconds. Certificates of the others ' +
        'would be “not yet valid” there.',
      remedy: 'Install chrony on that machine, or `timedatectl set-ntp true`.',
      proof: {
        file: 'test/steps/broken-machines.test.ts',
        title: 'whose clock is wrong is named, with how far it is off',
      },
    },
    {
      text: 'found on both: …',
      by: 'guide',
      cause:
        'Two machines were copied from one disk image after its first start, ' +
        'and share what had to be their own.',
      remedy:
        'The message has the command that gives one of them a new one. Run it ' +
        'on one machine only, then run step 01 again.',
      proof: {
        file: 'test/steps/broken-machines.test.ts',
        title: 'that is a copy of another is named with what they share',
      },
    },
    {
      text: '…: none of its interfaces has …',
      by: 'guide',
      cause:
        'SSH ends on a machine that does not hold the address in ' +
        'cluster.yaml: the address is wrong, or `ssh.host` leads to another ' +
        'machine, or to a public address that is translated.',
      remedy:
        '`address` is what the other machines see, `ssh.host` what your ' +
        'computer dials. Compare with the addresses that the message found.',
      proof: {
        file: 'test/steps/broken-machines.test.ts',
        title: 'that has another address is named with those that it has',
      },
    },
  ],
  programs: [
    {
      text: 'Wrong checksum: …',
      by: 'guide',
      cause:
        'What was downloaded is not what was pinned: changed on the way by a ' +
        'proxy, a mirror or a virus scanner, or replaced by its publisher.',
      remedy:
        'Nothing of it was kept. Try another network, or other ' +
        '`artifacts.sources` in cluster.yaml.',
      proof: {
        file: 'test/artifacts/obtain.test.ts',
        title: 'stops everything, keeps nothing, tries no other source',
      },
    },
    {
      text: 'unknown flag: --…',
      by: 'any component',
      cause:
        'The flag was removed in this version. Guides that are older than ' +
        'the release are full of those.',
      remedy:
        'Take it out of `overrides`. What the steps set is compared with the ' +
        'programs by a test; see [flags](/reference/flags).',
      proof: {
        file: 'test/troubles/api.test.ts',
        title: 'stops at a flag that is gone',
      },
    },
    {
      text: 'open …: no such file or directory',
      by: 'any component',
      cause:
        'A flag or a configuration names a file that is not on this machine: ' +
        'the step that writes it has not run here, somebody deleted it, or ' +
        '`overrides` names a file of your own that nobody has brought.',
      remedy:
        'Look for the path in [files](/reference/files): it has the step that ' +
        'writes it. Run that step again; it writes what is missing.',
      proof: {
        file: 'test/troubles/api.test.ts',
        title: 'stops at a file that is missing',
      },
    },
    {
      text: 'Exec format error',
      by: 'systemd, bash',
      cause: 'The program is for another processor.',
      remedy:
        'Run the step again: it takes the architecture of each machine. A ' +
        'file that you put there yourself has to be replaced.',
      proof: {
        file: 'test/troubles/runtime.test.ts',
        title: 'a program for another processor is not run',
      },
    },
  ],
  certificates: [
    {
      text: 'The certificate … cannot be used: …',
      by: 'guide',
      cause:
        'A file of the state folder has expired, belongs to another key, or ' +
        'another authority signed it.',
      remedy:
        'Run step 03: it issues again what has expired. What somebody else ' +
        'signed is never replaced; move it away yourself.',
      proof: {
        file: 'test/e2e/default.test.ts',
        title: 'a foreign certificate in the state folder is refused',
      },
    },
    {
      text: 'x509: certificate signed by unknown authority',
      by: 'any client',
      cause:
        'Client and server trust different authorities: files of two ' +
        'clusters, or an authority that was made again.',
      remedy:
        'Compare `openssl x509 -noout -fingerprint -in ca.crt` on both. ' +
        'Running steps 03 to 11 again puts the files of this cluster back.',
      proof: {
        file: 'test/troubles/certificates.test.ts',
        title: 'of another authority',
      },
    },
    {
      text: 'x509: certificate is valid for …, not …',
      by: 'any client',
      cause:
        'The name or address that was dialled is not in the certificate. ' +
        'Classic: the service range of the API server and the first address ' +
        'in the certificate disagree, so every pod that calls the API fails.',
      remedy:
        'Both come from `networks.services` here. For a name of your own, ' +
        'set `endpoint` in cluster.yaml and run steps 03 to 06 again.',
      proof: {
        file: 'test/troubles/certificates.test.ts',
        title: 'that is for another address',
      },
    },
    {
      text: "x509: cannot validate certificate for … because it doesn't contain any IP SANs",
      by: 'any client; kubectl logs, kubectl exec',
      cause:
        'The server was dialled by an address, and its certificate has names ' +
        'alone. Those that a kubelet signs for itself are such, and those of ' +
        'guides that leave the addresses of machines out.',
      remedy:
        '`openssl x509 -noout -ext subjectAltName -in FILE` shows what is in ' +
        'it; [certificates](/reference/certificates) what should be. Steps 03 ' +
        'and 10 put that of a kubelet right.',
      proof: {
        file: 'test/troubles/certificates.test.ts',
        title: 'that is for a name, dialled by its address',
      },
    },
    {
      text: 'x509: certificate has expired or is not yet valid: current time … is before …',
      by: 'any client',
      cause: 'The clock of the machine is behind, or the certificate is over.',
      remedy:
        'Step 01 compares the clocks. For one that is over, run step 03 and ' +
        'then the steps that bring it to the machines.',
      proof: {
        file: 'test/troubles/certificates.test.ts',
        title: 'that is not valid yet',
      },
    },
    {
      text: 'tls: failed to verify certificate: x509: certificate specifies an incompatible key usage',
      by: 'any client',
      cause:
        'A server certificate was shown as a client certificate, or the ' +
        'other way round. An etcd member needs both.',
      remedy: 'Run step 03: it issues what has the wrong usage again.',
      proof: {
        file: 'test/troubles/certificates.test.ts',
        title: 'that is for clients',
      },
    },
  ],
  etcd: [
    {
      text: 'context deadline exceeded',
      by: 'etcdctl, kube-apiserver',
      cause:
        'No quorum: fewer than half of the members run, they do not reach ' +
        'each other on port 2380, or the disk is too slow.',
      remedy:
        '`journalctl -u etcd` on each control plane. A first member waits for ' +
        'the second; that is right and ends when it comes.',
      proof: {
        file: 'test/troubles/etcd.test.ts',
        title: 'a member alone of two has no quorum',
      },
    },
    {
      text: 'rejected connection on peer endpoint',
      by: 'etcd',
      cause:
        'Somebody dialled the peer port without a certificate of the etcd ' +
        'authority, or with one for another address.',
      remedy:
        'The line names the address. If it is a member, run steps 03 and 05 ' +
        'for all control planes.',
      proof: {
        file: 'test/troubles/etcd.test.ts',
        title: 'a peer without a certificate is turned away',
      },
    },
    {
      text: 'member … has already been bootstrapped',
      by: 'etcd',
      cause:
        'The cluster knows this member, and its data folder is empty: it was ' +
        'deleted, or the machine was made anew.',
      remedy:
        'Remove the member with `etcdctl member remove` on another, add it ' +
        'again, and start it with `initial-cluster-state: existing`.',
      proof: {
        file: 'test/troubles/etcd.test.ts',
        title: 'a member without its data cannot begin anew',
      },
    },
    {
      text: 'etcdserver: mvcc: database space exceeded',
      by: 'etcd',
      cause: 'The database has reached its limit of 2 GiB and takes no writes.',
      remedy:
        'Compact and defragment it, then `etcdctl alarm disarm`; raise ' +
        '`quota-backend-bytes` under `overrides` if it was not a mistake.',
      proof: {
        file: 'test/troubles/etcd.test.ts',
        title: 'a database that is full takes no writes',
      },
    },
  ],
  api: [
    {
      text: 'The connection to the server … was refused - did you specify the right host or port?',
      by: 'kubectl',
      cause: 'No API server listens there, or no kubeconfig was named.',
      remedy:
        '`npm run kubectl -- get nodes` uses the right one. On a control ' +
        'plane: `systemctl status kube-apiserver`.',
      proof: {
        file: 'test/troubles/api.test.ts',
        title: 'that is not there refuses the connection',
      },
    },
    {
      text: 'No API server answered … …',
      by: 'guide',
      cause: 'All of them were tried. The lines below say why, for each.',
      remedy: '`systemctl status kube-apiserver` on a control plane.',
      proof: {
        file: 'test/unit/kubernetes.test.ts',
        title: 'when none answers, each is named with its reason',
      },
    },
    {
      text: 'error: You must be logged in to the server (…)',
      by: 'kubectl',
      cause:
        'Nobody that this API server knows: a certificate of another ' +
        'authority, or a token that is over.',
      remedy: 'Run steps 03 and 04, then `npm run kubeconfig` again.',
      proof: {
        file: 'test/troubles/api.test.ts',
        title: 'knows nobody of another authority',
      },
    },
    {
      text: 'Error from server (Forbidden): … is forbidden: User "…" cannot …',
      by: 'kube-apiserver',
      cause: 'It knows who you are, and no rule allows it.',
      remedy:
        '`kubectl auth can-i --list --as USER` shows what is allowed; bind a ' +
        'role. Not even the admin has rights before step 06 has bound them.',
      proof: {
        file: 'test/troubles/api.test.ts',
        title: 'lets nobody do what no rule allows',
      },
    },
    {
      text: 'violates PodSecurity "baseline:latest"',
      by: 'kube-apiserver',
      cause:
        'The pod asks for what could take over its machine: the host’s ' +
        'processes, network, paths or privileges.',
      remedy:
        'Ask for less. If it is a part of the cluster, label its namespace ' +
        'with `pod-security.kubernetes.io/enforce=privileged`.',
      proof: {
        file: 'test/troubles/api.test.ts',
        title: 'admits no pod that could take over a machine',
      },
    },
    {
      text: 'failed calling webhook "…": … context deadline exceeded',
      by: 'kube-apiserver',
      cause:
        'The API server does not reach the pod of the webhook. Where control ' +
        'planes are no nodes, they have no way to pods at all.',
      remedy:
        'Here control planes are nodes, too. Is pod-network.service active ' +
        'there, and the pod of the webhook ready?',
      proof: {
        file: 'test/troubles/api.test.ts',
        title: 'waits in vain for a webhook that is silent',
      },
    },
  ],
  nodes: [
    {
      text: 'NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized',
      by: 'kubelet, in its log and in the condition Ready of its node',
      cause:
        'container runtime network not ready: there is no pod network yet. ' +
        'Right between steps 10 and 12.',
      remedy: 'Run step 12.',
      proof: {
        file: 'test/troubles/kubelet.test.ts',
        title: 'without a pod network is not ready',
      },
    },
    {
      text: 'kubelet is configured to not run on a host using cgroup v1',
      by: 'kubelet',
      cause:
        'Since 1.35 a kubelet refuses cgroup v1 unless `failCgroupV1` is ' +
        'false.',
      remedy:
        'Step 10 sets it where a machine has cgroup v1. Better, boot with ' +
        '`systemd.unified_cgroup_hierarchy=1`.',
      proof: {
        file: 'test/troubles/kubelet.test.ts',
        title: 'stops on the old kind of cgroups',
      },
    },
    {
      text: 'running with swap on is not supported, please disable swap',
      by: 'kubelet',
      cause: 'Somebody set `failSwapOn`, or runs another configuration.',
      remedy:
        'Step 10 sets it to false and keeps pods off swap. `swapoff -a` is ' +
        'the other way; take it out of /etc/fstab as well.',
      proof: {
        file: 'test/troubles/kubelet.test.ts',
        title: 'that must not have swap stops where there is some',
      },
    },
    {
      text: 'validate service connection: … rpc error: code = Unimplemented desc = unknown service runtime.v1.RuntimeService',
      by: 'kubelet',
      cause:
        'containerd runs without its CRI plugin: the configuration of the ' +
        'distribution disables it.',
      remedy:
        'Run step 09: it writes the configuration and verifies the plugin. ' +
        'Remove the package containerd if there is one.',
      proof: {
        file: 'test/troubles/kubelet.test.ts',
        title: 'finds no CRI where containerd has it off',
      },
    },
    {
      text: '… asks for its certificate',
      by: 'guide',
      cause:
        'Step 10 waited in vain for the kubelet to ask. It does not run, or ' +
        'does not reach the API through the balancer.',
      remedy:
        '`journalctl -u kubelet` and `systemctl status api-balancer` there.',
      proof: {
        file: 'test/troubles/joining.test.ts',
        title: 'a kubelet that never asks is waited for in vain',
      },
    },
    {
      text: 'remote error: tls: internal error',
      by: 'kubectl logs, kubectl exec',
      cause:
        'The kubelet has no serving certificate, because nobody approved its ' +
        'request.',
      remedy:
        'Step 10 gives it one of our authority and leaves nothing to approve; ' +
        'run it again.',
    },
    {
      text: 'failed to create containerd task: … cgroups: cgroup mountpoint does not exist',
      by: 'containerd',
      cause:
        'runtime and kubelet disagree on who manages cgroups, or the machine ' +
        'is a container without its own.',
      remedy:
        'Both have to say systemd: `SystemdCgroup = true` in step 09 and ' +
        '`cgroupDriver: systemd` in step 10.',
    },
    {
      text: 'expected cgroupsPath to be of format "slice:prefix:name" for systemd cgroups, got "…" instead',
      by: 'runc, in the events of a pod',
      cause:
        'containerd tells runc to ask systemd for cgroups, and the kubelet ' +
        'names them as if it made them itself: `cgroupDriver: cgroupfs`.',
      remedy:
        'Compare `grep cgroupDriver /etc/kubernetes/kubelet/kubelet.yaml` with ' +
        '`grep SystemdCgroup /etc/containerd/config.toml`. Both have to say ' +
        'systemd: take an override of `cgroupDriver` out of cluster.yaml, and ' +
        'run steps 09 and 10 again.',
      proof: {
        file: 'test/troubles/runtime.test.ts',
        title: 'that asks systemd takes no path of cgroupfs',
      },
    },
  ],
  network: [
    {
      text: 'RTNETLINK answers: File exists',
      by: 'ip route',
      cause:
        'There is a route to these pods: that of step 12, or the one that the ' +
        'kernel has for the bridge of this machine. A second one by hand, ' +
        'where it is taken, hides the first, and pods lose the outside.',
      remedy:
        'Routes of step 12 are for the *other* machines only. Remove yours, ' +
        'and `systemctl restart pod-network`.',
      proof: {
        file: 'test/troubles/network.test.ts',
        title: 'a second route to the same pods is refused',
      },
    },
    {
      text: 'no route to host',
      by: 'a pod or a Service',
      cause:
        'A firewall drops or rejects what is forwarded, or a machine rejects ' +
        'the port.',
      remedy:
        'See the check [firewall](/node-spec#firewall): forwarding from and to ' +
        'the pod range has to be allowed.',
      proof: {
        file: 'test/troubles/network.test.ts',
        title: 'a firewall that rejects leaves no route',
      },
    },
    {
      text: 'curl: (28) Failed to connect to … port … after … ms',
      by: 'curl to a NodePort',
      cause:
        'Nobody refuses: the packets are dropped. By a firewall before the ' +
        'machine or on it, or by kube-proxy, where the Service has ' +
        '`externalTrafficPolicy: Local` and no pod on that machine.',
      remedy:
        'Dial from another machine of the cluster, then from outside. What ' +
        'answers only inside is behind a firewall that has to let the ' +
        '[node ports](/reference/ports) through. What answers on some ' +
        'machines only: `kubectl get endpointslices -o wide`.',
      proof: {
        file: 'test/troubles/network.test.ts',
        title: 'a firewall that drops leaves a client waiting',
      },
    },
    {
      text: 'curl: (7) Failed to connect to … port … after … ms',
      by: 'curl to a Service',
      cause:
        'No pod of the Service is ready; or kube-proxy has removed its rules, ' +
        'as it does after a restart, or an hour, on a machine without ' +
        '`/etc/protocols`.',
      remedy:
        '`kubectl get endpointslices` for the first, and ' +
        '`nft list map ip kube-proxy service-ips` on the machine for the ' +
        'second: step 02 installs the package that has the file, then ' +
        '`systemctl restart kube-proxy`.',
      proof: {
        file: 'test/e2e/default.test.ts',
        title: 'Services answer after every restart of kube-proxy',
      },
    },
    {
      text: 'reply from unexpected source',
      by: 'nslookup, dig',
      cause:
        'Pod and Service pod are on one bridge, and `br_netfilter` is not ' +
        'loaded: the answer bypasses the rules that would rename it.',
      remedy: 'Run step 02, which loads it and keeps it loaded.',
      proof: {
        file: 'test/unit/node-spec-checks.test.ts',
        title: ['bridge-filter', ''],
      },
    },
  ],
  dns: [
    {
      text: 'plugin/loop: Loop (127.0.0.1:… -> :53) detected for zone "."',
      by: 'CoreDNS',
      cause:
        'It asks the resolver of its machine, which is on loopback: in the ' +
        'pod that is CoreDNS itself.',
      remedy:
        'Step 10 gives pods the list of systemd-resolved where there is one. ' +
        'Otherwise name a real server in /etc/resolv.conf, then run step 10.',
      proof: {
        file: 'test/troubles/dns.test.ts',
        title: 'CoreDNS that asks itself stops',
      },
    },
    {
      text: 'no servers could be reached',
      by: 'nslookup in a pod',
      cause:
        'The pod asks the address of `clusterDNS`, and no rule or no pod is ' +
        'behind it.',
      remedy:
        '`npx zx steps/13-dns.ts --verify` tells what is missing; then 12, ' +
        'then 11.',
      proof: {
        file: 'test/troubles/dns.test.ts',
        title: 'a pod gets nothing where nobody answers',
      },
    },
    {
      text: "server can't find …: NXDOMAIN",
      by: 'nslookup in a pod',
      cause:
        'The name is wrong, or it is of outside and the machine resolves it ' +
        'no better.',
      remedy:
        'Try the full name with a dot at its end, then the same name on the ' +
        'machine. Old images of busybox ask only for the first name of the ' +
        'search list; use another image to look.',
      proof: {
        file: 'test/troubles/dns.test.ts',
        title: 'a pod is told of a name that nobody has',
      },
    },
    {
      text: 'lookup … on …: server misbehaving',
      by: 'any client; kubectl logs, kubectl exec',
      cause:
        'Somebody dialled a machine by its name, and the DNS server that was ' +
        'asked failed: it knows no such zone, or reaches nobody who does. With ' +
        '`kubectl logs` it is the API server that dialled a node.',
      remedy:
        'Here it dials addresses (`--kubelet-preferred-address-types`), and ' +
        'names of all machines are in /etc/hosts. Run steps 02 and 06.',
      proof: {
        file: 'test/troubles/dns.test.ts',
        title: 'a resolver that fails, fails its client',
      },
    },
  ],
  workloads: [
    {
      text: 'no endpoints available for service "…"',
      by: 'kube-apiserver',
      cause: 'No pod of the Service is ready, or its selector matches none.',
      remedy: '`kubectl get endpointslices` and `kubectl describe pod`.',
      proof: {
        file: 'test/troubles/api.test.ts',
        title: 'finds nobody behind a Service without pods',
      },
    },
    {
      text: 'error: Metrics API not available',
      by: 'kubectl top',
      cause:
        'metrics-server is not part of this cluster. The aggregation layer ' +
        'that it needs is: step 14 proves it on every API server.',
      remedy: 'Install metrics-server, and give it the cluster authority.',
      proof: {
        file: 'test/troubles/api.test.ts',
        title: 'has no figures that nobody measures',
      },
    },
    {
      text: 'failed to pull image "…": … no such host',
      by: 'kubelet',
      cause: 'The machine reaches no registry, or not by this name.',
      remedy:
        'Name a resolver and a proxy, or import the image; see [images without ' +
        'a registry](/decisions/image-registry-and-air-gap).',
    },
  ],
}
