// What step 13 has in the API. Every block is YAML as `kubectl apply -f`
// would read it; the values in ${} come from cluster.yaml.

import { createHash } from 'node:crypto'
import { imageOf } from '../../lib/install.ts'
import type { Manifest } from '../../lib/kubernetes.ts'
import { manifests } from '../../lib/manifests.ts'
import type { LiveCluster } from '../../lib/step.ts'

// #region rights
// It watches what it has names for, and nothing else.
const rights = manifests`
  apiVersion: v1
  kind: ServiceAccount
  metadata:
    name: coredns
    namespace: kube-system
    labels: { k8s-app: kube-dns }
  ---
  apiVersion: rbac.authorization.k8s.io/v1
  kind: ClusterRole
  metadata:
    name: system:coredns
  rules:
    - apiGroups: ['']
      resources: [services, pods, namespaces]
      verbs: [list, watch]
    - apiGroups: [discovery.k8s.io]
      resources: [endpointslices]
      verbs: [list, watch]
  ---
  apiVersion: rbac.authorization.k8s.io/v1
  kind: ClusterRoleBinding
  metadata:
    name: system:coredns
  roleRef:
    apiGroup: rbac.authorization.k8s.io
    kind: ClusterRole
    name: system:coredns
  subjects:
    - kind: ServiceAccount
      name: coredns
      namespace: kube-system
`
// #endregion rights

// #region configuration
const configuration = (cluster: LiveCluster) => manifests`
  apiVersion: v1
  kind: ConfigMap
  metadata:
    name: coredns
    namespace: kube-system
    labels: { k8s-app: kube-dns }
  data:
    Corefile: |
      .:53 {
        errors
        # When told to stop, it answers on until nobody asks it any more.
        health {
          lameduck 5s
        }
        ready
        # Names of the cluster, and of addresses in it, come from the API.
        kubernetes ${cluster.networks.domain} in-addr.arpa ip6.arpa {
          fallthrough in-addr.arpa ip6.arpa
          ttl 30
        }
        # The rest: whom the machine asks. Step 10 gave pods a resolver that is
        # not the machine itself; loop stops CoreDNS if it should be after all.
        forward . /etc/resolv.conf
        loop
        cache 30
        reload
        loadbalance
      }
`
// #endregion configuration

// #region deployment
const deployment = (cluster: LiveCluster, fingerprint: string) => manifests`
  apiVersion: apps/v1
  kind: Deployment
  metadata:
    name: coredns
    namespace: kube-system
    labels: { k8s-app: kube-dns }
  spec:
    replicas: 2
    selector:
      matchLabels: { k8s-app: kube-dns }
    template:
      metadata:
        labels: { k8s-app: kube-dns }
        annotations:
          # Pods read it when they start, so a new one makes new pods.
          kubernetes-from-scratch/corefile: '${fingerprint}'
      spec:
        priorityClassName: system-cluster-critical
        serviceAccountName: coredns
        # The machine's resolver, not the one that this pod is.
        dnsPolicy: Default
        # On two machines if there are two; on one rather than not at all.
        topologySpreadConstraints:
          - maxSkew: 1
            topologyKey: kubernetes.io/hostname
            whenUnsatisfiable: ScheduleAnyway
            labelSelector:
              matchLabels: { k8s-app: kube-dns }
            # Pods of an older version, on their way out, do not count.
            matchLabelKeys: [pod-template-hash]
        tolerations:
          - key: node-role.kubernetes.io/control-plane
            operator: Exists
        containers:
          - name: coredns
            image: ${imageOf('coredns', cluster)}
            args: [-conf, /etc/coredns/Corefile]
            ports:
              - { name: dns, containerPort: 53, protocol: UDP }
              - { name: dns-tcp, containerPort: 53, protocol: TCP }
            resources:
              requests: { cpu: 100m, memory: 70Mi }
              limits: { memory: 170Mi }
            # Every second: the default of ten is ten seconds without DNS.
            readinessProbe:
              httpGet: { path: /ready, port: 8181 }
              periodSeconds: 1
            livenessProbe:
              httpGet: { path: /health, port: 8080 }
            securityContext:
              allowPrivilegeEscalation: false
              capabilities: { add: [NET_BIND_SERVICE], drop: [ALL] }
              readOnlyRootFilesystem: true
            volumeMounts:
              - { name: config, mountPath: /etc/coredns }
        volumes:
          - name: config
            configMap: { name: coredns }
`
// #endregion deployment

// #region service
// Every kubelet was told this address in step 10, so it is asked for by
// name. The name is what everybody expects, whatever answers behind it.
const service = (cluster: LiveCluster) => manifests`
  apiVersion: v1
  kind: Service
  metadata:
    name: kube-dns
    namespace: kube-system
    labels: { k8s-app: kube-dns }
  spec:
    clusterIP: ${cluster.dnsAddress}
    selector: { k8s-app: kube-dns }
    ports:
      - { name: dns, port: 53, protocol: UDP }
      - { name: dns-tcp, port: 53, protocol: TCP }
`
// #endregion service

// #region all
/** All of it, in the order in which it is applied. */
export function dnsManifests(cluster: LiveCluster): Manifest[] {
  const configured = configuration(cluster)
  const corefile = configured[0]?.data.Corefile
  const fingerprint = createHash('sha256').update(corefile).digest('hex')
  return [
    ...rights,
    ...configured,
    ...deployment(cluster, fingerprint),
    ...service(cluster),
  ]
}
// #endregion all
