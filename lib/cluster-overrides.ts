import type {
  ClusterFile,
  OverridableComponent,
  Role,
} from './cluster-schema.ts'

type Fields = Record<string, unknown>

/** Settings that overrides leave alone, and what to use instead. */
interface Refusal {
  fields: RegExp
  instead: string
}

const ports = 'no other: the ports of the cluster are in lib/ports.ts'
const keys = 'no other: step 03 makes the keys and certificates'
const access = 'no other: an override must not open what the guide closes'
const kind = 'no other: the step says which version of the format it writes'

const serving: Refusal[] = [
  { fields: /^(secure-port|bind-address|port|address)$/, instead: ports },
  { fields: /^(tls-cert-file|tls-private-key-file|cert-dir)$/, instead: keys },
  { fields: /^(requestheader-|client-ca-file$)/, instead: keys },
]
const fromKubeconfig: Refusal[] = [
  {
    fields: /^(authentication-|authorization-)?kubeconfig$/,
    instead: 'no other: step 04 makes the kubeconfigs',
  },
  { fields: /^(authentication-|authorization-)/, instead: access },
  { fields: /^leader-elect$/, instead: 'true: every control plane runs one' },
]
const services: Refusal = {
  fields: /^service-cluster-ip-range$/,
  instead: 'no other: set networks.services instead',
}

/**
 * Settings that follow from something else in cluster.yaml or that checks of
 * the steps rely on. Overriding them would make the guide say one thing and
 * the cluster another.
 */
export const refusals: Record<OverridableComponent, readonly Refusal[]> = {
  kubelet: [
    { fields: /^(apiVersion|kind)$/, instead: kind },
    {
      fields: /^clusterDNS$/,
      instead: 'no other: it is the tenth address of networks.services',
    },
    {
      fields: /^clusterDomain$/,
      instead: 'no other: set networks.domain instead',
    },
    {
      fields: /^podCIDR$/,
      instead: 'no other: the controller manager allocates it of networks.pods',
    },
    { fields: /^(authentication|authorization)$/, instead: access },
    { fields: /^(enableServer|enableDebuggingHandlers)$/, instead: access },
    { fields: /^(readOnlyPort|port|healthz\w+|address)$/, instead: ports },
    {
      fields: /^(tls(CertFile|PrivateKeyFile)|serverTLSBootstrap)$/,
      instead: keys,
    },
    {
      fields: /^rotateCertificates$/,
      instead: 'true: client certificates of kubelets renew themselves',
    },
    {
      fields: /^(staticPod\w+)$/,
      instead: 'no other: systemd runs the control plane, no static pods',
    },
    {
      fields: /^(registerWithTaints|registerNode)$/,
      instead: 'no other: the roles of the machine decide it',
    },
    {
      fields: /^(containerRuntimeEndpoint|imageServiceEndpoint|cgroupDriver)$/,
      instead: 'no other: step 09 sets up containerd to match',
    },
  ],
  'kube-proxy': [
    { fields: /^(apiVersion|kind)$/, instead: kind },
    { fields: /^mode$/, instead: 'nftables: the checks read its rules' },
    {
      fields: /^(clusterCIDR|detectLocal\w*)$/,
      instead: 'no other: set networks.pods instead',
    },
    {
      fields: /^(hostnameOverride|clientConnection)$/,
      instead: 'no other: step 04 makes the kubeconfig of the machine',
    },
    {
      fields: /^(healthzBindAddress|metricsBindAddress|bindAddress)$/,
      instead: ports,
    },
  ],
  etcd: [
    {
      fields: /^name$/,
      instead: 'no other: a member has the name of its machine',
    },
    {
      fields: /^(data-dir|wal-dir)$/,
      instead: 'no other: undo and backup rely on it',
    },
    {
      fields: /^(listen-|(initial-)?advertise-)/,
      instead: 'no other: it follows from the address of the machine',
    },
    {
      fields: /^(initial-cluster|discovery|force-new-cluster)/,
      instead: 'no other: the control planes of machines are the members',
    },
    {
      fields: /^((client|peer)-(transport-security|.*(file|auth))|auto-tls)$/,
      instead: keys,
    },
  ],
  'kube-apiserver': [
    ...serving,
    services,
    {
      fields: /^etcd-/,
      instead: 'no other: the members are the control planes of machines',
    },
    {
      fields: /^(advertise-address|external-hostname)$/,
      instead: 'no other: it is the address of the machine',
    },
    { fields: /^service-node-port-range$/, instead: ports },
    { fields: /^(service-account-|kubelet-|proxy-client-)/, instead: keys },
    { fields: /^(authentication-|authorization-)/, instead: access },
    { fields: /^(anonymous-auth|token-auth-file)$/, instead: access },
    { fields: /^(enable|disable)-admission-plugins$/, instead: access },
    { fields: /^admission-control-config-file$/, instead: access },
    {
      fields: /^encryption-provider-config$/,
      instead: 'no other: step 04 makes the encryption key',
    },
    {
      fields: /^enable-bootstrap-token-auth$/,
      instead: 'true: kubelets join with a bootstrap token',
    },
  ],
  'kube-controller-manager': [
    ...serving,
    ...fromKubeconfig,
    services,
    {
      fields: /^(cluster-cidr|allocate-node-cidrs)$/,
      instead: 'no other: set networks.pods instead',
    },
    {
      fields: /^node-cidr-mask-size/,
      instead: 'no other: set networks.podsPerMachine instead',
    },
    {
      fields: /^(cluster-signing-.*-file|root-ca-file|service-account-.*)$/,
      instead: keys,
    },
    { fields: /^use-service-account-credentials$/, instead: access },
    {
      fields: /^controllers$/,
      instead: 'no other: joining relies on tokencleaner',
    },
  ],
  'kube-scheduler': [
    ...serving,
    ...fromKubeconfig,
    { fields: /^config$/, instead: 'no other: step 07 writes the file' },
  ],
}

/**
 * What a setting must be instead of an override.
 *
 * @returns undefined where the override is fine
 * @example
 * refusedOverride('kubelet', 'maxPods') // undefined
 */
export function refusedOverride(
  component: OverridableComponent,
  field: string,
): string | undefined {
  return refusals[component].find(({ fields }) => fields.test(field))?.instead
}

/**
 * What cluster.yaml overrides for one component on a machine. On a machine
 * with both roles the control plane's settings are laid over the worker's.
 *
 * @returns fields or flags, empty where nothing is overridden
 * @example
 * mergedOverrides(file.overrides, ['worker'], 'kubelet') // { maxPods: 60 }
 */
export function mergedOverrides(
  overrides: ClusterFile['overrides'],
  roles: readonly Role[],
  component: OverridableComponent,
): Fields {
  const byRole: Partial<Record<Role, Partial<Record<string, Fields>>>> =
    overrides ?? {}
  const order: Role[] = ['worker', 'control-plane']
  return order
    .filter((role) => roles.includes(role))
    .map((role) => byRole[role]?.[component] ?? {})
    .reduce(overlay, {})
}

/**
 * Lays settings over others: mappings are merged, anything else is replaced.
 *
 * @example
 * overlay({ a: { b: 1, c: 2 } }, { a: { c: 3 } }) // { a: { b: 1, c: 3 } }
 */
export function overlay(below: Fields, above: Fields): Fields {
  const merged = Object.entries(above).map(([key, value]) => {
    const under = below[key]
    const both = isMapping(under) && isMapping(value)
    return [key, both ? overlay(under, value) : value]
  })
  return { ...below, ...Object.fromEntries(merged) }
}

function isMapping(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
