/**
 * Reasons that no comment of a step gives, or gives in too few words when it
 * is read away from its place. By program or file, then by flag or field; the
 * directives of systemd are the same in every unit but for those named after
 * one. A test fails when one of these is set no more.
 */
export const moreReasons: Record<string, Record<string, string>> = {
  '99-zz-kubernetes-from-scratch.conf': {
    'fs.inotify.max_user_watches':
      'One watch per file: the kubelet and the runtime use thousands.',
  },

  etcd: { 'config-file': 'All else is in a file, which a diff can show.' },
  'etcd.yaml': {
    name: 'Names this member to the others; initial-cluster uses it.',
    'data-dir': 'Outside of /etc, on a disk that may be a fast one of its own.',
    'listen-client-urls':
      'The API servers of other machines use the address, etcdctl the loopback.',
    'advertise-client-urls': 'What a member tells clients that ask for others.',
    'listen-peer-urls': 'Peers are on other machines, so never on loopback.',
    'initial-advertise-peer-urls':
      'Must be in initial-cluster under this name, or the member refuses to start.',
    'initial-cluster':
      'Whom a member looks for at its first start, and only then.',
    'initial-cluster-token':
      'Keeps members of two clusters apart, should one find the other.',
    'client-transport-security.trusted-ca-file':
      'The etcd authority alone: a certificate of the cluster opens nothing here.',
    'client-transport-security.cert-file': 'What a member shows to clients.',
    'client-transport-security.key-file': 'The key of that certificate.',
    'peer-transport-security.client-cert-auth':
      'A stranger that joins as a peer would get the whole database.',
    'peer-transport-security.trusted-ca-file':
      'The etcd authority alone, as for clients.',
    'peer-transport-security.cert-file':
      'What a member shows to its peers, as server and as client.',
    'peer-transport-security.key-file': 'The key of that certificate.',
  },

  'kube-apiserver': {
    'secure-port': 'The port that everybody expects; also the default.',
    'tls-cert-file': 'Without it the server would make one that nobody trusts.',
    'tls-private-key-file': 'The key of that certificate.',
    'etcd-cafile': 'The etcd authority: a false database would be refused.',
    'etcd-certfile': 'Who we are to etcd; it refuses whoever has none.',
    'etcd-keyfile': 'The key of that certificate.',
    'encryption-provider-config':
      'Secrets are encrypted before they are handed to etcd.',
    'client-ca-file':
      'Whoever shows a certificate of the cluster authority is its common name.',
    'authentication-config':
      'Who may come without a name, and for which paths: only health.',
    'enable-bootstrap-token-auth':
      'Kubelets join with a token of minutes, in step 10.',
    'service-account-issuer':
      'Written into every token; all API servers must say the same.',
    'service-account-key-file': 'Checks the tokens of pods.',
    'service-account-signing-key-file': 'Signs the tokens of pods.',
    'authorization-config':
      'A file may be changed while the server runs, flags may not.',
    'enable-admission-plugins':
      'NodeRestriction: a kubelet may change its own node and pods, no other. ' +
      'DenyServiceExternalIPs: no Service takes an address of somebody else.',
    'admission-control-config-file': 'Sets what pods may not do by default.',
    'kubelet-certificate-authority':
      'Without it logs and exec would talk to anybody who has the address.',
    'kubelet-client-certificate':
      'Kubelets refuse callers without one; its name is bound to one role.',
    'kubelet-client-key': 'The key of that certificate.',
    'kubelet-preferred-address-types':
      'Kubelets have their address in their certificate; names need a DNS.',
    'proxy-client-key-file': 'The key of that certificate.',
    'requestheader-client-ca-file':
      'An authority of its own, because whom it signs may speak for anybody.',
    'requestheader-allowed-names':
      'Of all that this authority signs, one name may speak for others.',
    'requestheader-username-headers': 'Where the front proxy writes the user.',
    'requestheader-group-headers': 'Where it writes the groups.',
    'requestheader-extra-headers-prefix': 'Where it writes the rest.',
    'audit-policy-file': 'Without a policy nothing is written.',
    'audit-log-path': 'A file, in a folder that only this user may read.',
    'audit-log-maxsize': 'Megabytes, then a new file is begun.',
    'audit-log-maxbackup': 'Old files that are kept: a gigabyte in all.',
    'audit-log-maxage': 'Days that an old file is kept.',
    profiling:
      'Profiles show what the process does; nobody needs them every day.',
  },
  'authentication.yaml': {
    'anonymous.enabled': 'A load balancer has no certificate to show.',
    'anonymous.conditions': 'The only paths that need no name.',
  },
  'authorization.yaml': {
    authorizers:
      'Node: a kubelet sees what its own pods need. RBAC: everybody else.',
  },
  'admission.yaml': {
    'plugins.PodSecurity.configuration.apiVersion': 'The stable version.',
    'plugins.PodSecurity.configuration.kind': 'What this plugin reads.',
    'plugins.PodSecurity.configuration.defaults.enforce':
      'Refuses pods that could take over their machine.',
    'plugins.PodSecurity.configuration.defaults.warn':
      'Says what a stricter namespace would refuse.',
    'plugins.PodSecurity.configuration.exemptions.namespaces':
      'Parts of the cluster need what others may not have.',
  },
  'audit.yaml': {
    omitStages: 'One line per request is enough: when it is answered.',
    'rules.1.level': 'Health checks are asked several times a second.',
    'rules.1.nonResourceURLs':
      'Health checks are asked several times a second.',
    'rules.2.level': 'Leases are renewed every few seconds, by everything.',
    'rules.2.resources.group': 'Leases are renewed every few seconds.',
    'rules.2.resources.resources': 'Leases are renewed every few seconds.',
    'rules.3.level': 'Who did what and when, without what was in it.',
  },
  'encryption.yaml': {
    'resources.resources': 'Secrets; other kinds can be added to the list.',
    'resources.providers.1.secretbox.keys.key1.secret':
      '32 random bytes, made once by step 04. The first provider writes.',
    'resources.providers.2.identity':
      'Reads what was stored before there was a key.',
  },

  'kube-controller-manager': {
    'cluster-cidr': 'The pod range of cluster.yaml.',
    'node-cidr-mask-size': 'How much of it one node gets.',
    'service-cluster-ip-range':
      'The same as that of the API server, so no pod subnet falls into it.',
    'cluster-signing-cert-file': 'Whom the certificates of kubelets are from.',
    'cluster-signing-key-file': 'Signs them, once somebody has approved.',
    'service-account-private-key-file':
      'Signs tokens that are kept in Secrets, where somebody asks for one.',
    'bind-address': 'Metrics are for this machine alone.',
    'tls-min-version': 'No weak ciphers, as in the API server.',
    'authentication-kubeconfig': 'Asks the API server who a caller is.',
    'authorization-kubeconfig': 'Asks the API server what a caller may see.',
    'requestheader-client-ca-file':
      'Else it is looked up in the API, which may not be there yet.',
    profiling: 'Profiles show what the process does; nobody needs them daily.',
  },
  'kube-scheduler': {
    config: 'All else is in a file, which a diff can show.',
    'bind-address': 'Metrics are for this machine alone.',
    'tls-min-version': 'No weak ciphers, as in the API server.',
    'authentication-kubeconfig': 'Asks the API server who a caller is.',
    'authorization-kubeconfig': 'Asks the API server what a caller may see.',
    'requestheader-client-ca-file':
      'Else it is looked up in the API, which may not be there yet.',
  },
  'scheduler.yaml': {
    'clientConnection.kubeconfig': 'The API server of this machine.',
    'leaderElection.leaderElect': 'Three run, one works; also the default.',
    enableProfiling:
      'Profiles show what the process does; nobody needs them daily.',
  },

  'haproxy.cfg': {
    'global.log': 'To the journal; changes of health are worth a line.',
    'defaults.mode': 'TLS goes through untouched: the balancer has no key.',
    'defaults.log': 'As said in global.',
    'defaults.timeout connect': 'One that does not answer is passed over.',
    'defaults.timeout server':
      'Watches are quiet for long; they end when either side ends them.',
    'frontend api.bind': 'For programs of this machine, and nobody else.',
    'frontend api.default_backend': 'There is only one.',
    'backend api-servers.balance':
      'Connections last for hours, so what counts is who has fewest.',
    'backend api-servers.option':
      'An API server that runs may still not be able to answer.',
    'backend api-servers.http-check': 'What /readyz answers when it can.',
    'backend api-servers.server': 'Every control plane of cluster.yaml.',
  },

  containerd: { config: 'Also the default; said so that the unit shows it.' },
  'config.toml': {
    version: 'The form that sections of containerd 2 have.',
    'plugins.io.containerd.cri.v1.runtime.containerd.runtimes.runc.runtime_type':
      'The shim that starts runc; also the default.',
  },

  'kubelet.yaml': {
    'authentication.anonymous.enabled':
      'Whoever may use this port runs what they like in every pod here.',
    'authentication.webhook.enabled':
      'A token is shown to the API server, which says whose it is.',
    'authentication.x509.clientCAFile':
      'A certificate of the cluster authority says who it is by itself.',
    'authorization.mode': 'The API server is asked; the default allows all.',
    tlsCertFile: 'Without it the kubelet makes one that nobody can check.',
    tlsPrivateKeyFile: 'The key of that certificate.',
    tlsMinVersion: 'No weak ciphers, as in the API server.',
    rotateCertificates:
      'Asks for a new client certificate before the old one ends.',
    containerRuntimeEndpoint: 'The socket of containerd, step 09.',
    cgroupDriver:
      'One manager of cgroups, for kubelet and runtime alike: systemd.',
    clusterDNS:
      'The tenth address of the service range: step 13 answers there.',
    clusterDomain: 'What short names of Services are completed with.',
    resolvConf:
      'What CoreDNS asks for other names; never a resolver on loopback.',
    'kubeReserved.cpu': 'The same for the kubelet and the container runtime.',
    'kubeReserved.memory':
      'The same for the kubelet and the container runtime.',
    'evictionHard.memory.available':
      'Below this pods are evicted, before the kernel ends processes by chance.',
    'evictionHard.nodefs.available':
      'A full disk stops more than pods. Lower than the default: a machine of a lab shares a disk that is full of other things.',
    'evictionHard.imagefs.available': 'The same for the disk of the images.',
    'memorySwap.swapBehavior': 'Pods never swap, whatever the machine does.',
    registerWithTaints:
      'Keeps ordinary pods off a machine that is a control plane alone.',
  },
  kubelet: {
    config: 'All that can be is in a file; the rest has no field.',
    kubeconfig: 'Written by the kubelet itself, once it has joined.',
    'bootstrap-kubeconfig':
      'What it asks for its certificate with; removed once it has one.',
    'cert-dir': 'Where it keeps that certificate; also the default.',
    'hostname-override':
      'The node has the name of cluster.yaml, whatever the machine says.',
    'node-ip': 'Of several addresses, the one of cluster.yaml.',
  },

  'kube-proxy.yaml': {
    'clientConnection.kubeconfig': 'Who it is, and the balancer it dials.',
    hostnameOverride: 'The name of the node, to know which pods are near.',
    healthzBindAddress: 'For checks of this machine; the default is everybody.',
    metricsBindAddress:
      'Asks nobody for a name, so loopback; also the default.',
  },
  'kube-proxy': { config: 'All else is in a file, which a diff can show.' },

  '10-pods.conflist': {
    cniVersion: 'The version that all plugins of the list speak.',
    name: 'Names the network, and the folder of its addresses.',
    'plugins.bridge.bridge': 'The bridge that all pods of a machine are on.',
    'plugins.bridge.isGateway':
      'The machine takes an address on it, and is the way out.',
    'plugins.bridge.ipam.type':
      'Addresses are counted on this machine; nobody else has its subnet.',
    'plugins.bridge.ipam.ranges':
      'The subnet that the controller manager gave to the node.',
    'plugins.bridge.ipam.routes': 'Everything else goes through the machine.',
    'plugins.portmap.capabilities.portMappings':
      'The runtime hands the ports of the pod to this plugin.',
    'plugins.portmap.backend': 'The default would want iptables.',
  },

  Corefile: {
    '.:53.errors': 'Mistakes go to the log.',
    '.:53.health.lameduck':
      'Answers on for so long, until nobody asks it any more.',
    '.:53.ready': 'What the readiness probe asks.',
    '.:53.kubernetes cluster.local in-addr.arpa ip6.arpa.fallthrough':
      'An address that is none of the cluster is asked for outside.',
    '.:53.kubernetes cluster.local in-addr.arpa ip6.arpa.ttl':
      'Seconds that a client may remember an answer.',
    '.:53.loop':
      'Stops a CoreDNS that asks itself, before it eats the machine.',
    '.:53.cache': 'Seconds; most questions are asked again at once.',
    '.:53.reload': 'Reads a changed Corefile without a restart.',
    '.:53.loadbalance': 'Several addresses are given in changing order.',
  },

  unit: {
    'Unit.After': 'Order of the start, not a condition: all of it retries.',
    'Unit.Wants': 'Without it nobody starts that target, and nothing waits.',
    'Service.Type':
      'notify: systemd waits until the program says that it is ready.',
    'Service.User': 'Not root: it needs no more than its own files.',
    'Unit.StartLimitIntervalSec':
      'However often it has failed: systemd would give up after five times ' +
      'within ten seconds, and a full disk that is freed would not help.',
    'Service.Restart': 'Whatever ended it, it comes back.',
    'Service.RestartSec': 'Soon, but not in a loop that eats a processor.',
    'Service.LimitNOFILE': 'A connection is a file; the usual 1024 are few.',
    'Service.NoNewPrivileges': 'No program that it starts gets more rights.',
    'Service.ProtectSystem': 'It cannot write to /usr, /boot or /etc.',
    'Install.WantedBy': 'Started with the machine.',
  },
  'api-balancer.service': {
    'Service.KillMode':
      'The master is told to end, and ends its workers in order.',
  },
  'containerd.service': {
    'Service.Delegate': 'systemd leaves what is below to containerd.',
    'Service.OOMScoreAdjust':
      'When memory runs out, rather a pod ends than the runtime.',
  },
  'kubelet.service': {
    'Service.KillMode': 'What it started lives on when it restarts.',
  },
  'pod-network.service': {
    'Unit.Before': 'A pod that starts finds the way to all others.',
    'Service.Type': 'oneshot: it sets something in the kernel, and ends.',
    'Service.RemainAfterExit': 'Counts as running, so that it is not repeated.',
  },
}
