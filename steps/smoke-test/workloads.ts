// What step 14 runs: one workload of each kind, all from one test image

import { imageOf } from '../../lib/install.ts'
import type { Manifest } from '../../lib/kubernetes.ts'
import { thisProcess } from '../../lib/leftovers.ts'
import type { Pair } from '../../lib/pki.ts'
import type { LiveCluster } from '../../lib/step.ts'

/** Marks all that step 14 makes, and says which run of it made it. */
export const label = 'kubernetes-from-scratch/smoke-test'
export const labels = { [label]: thisProcess() }

/** A text to look for in the database, once secret and once not. */
export const word = 'a word that is nowhere else'

// #region thief
/** With the disk and the processes of its machine it could become root. */
export const thief = {
  metadata: { name: 'thief' },
  spec: {
    hostPID: true,
    containers: [{ name: 'x', image: 'x' }],
    volumes: [{ name: 'root', hostPath: { path: '/' } }],
  },
}
// #endregion thief

export function workloads(cluster: LiveCluster, namespace: string) {
  const issuer = `https://kubernetes.default.svc.${cluster.networks.domain}`
  const in_ = (name: string) => ({ name, namespace })

  // #region pod
  // Allowed in the strictest of the three Pod Security levels: a pod has to
  // give up by itself what it does not need.
  const pod = (...containers: object[]) => ({
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65534,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: containers.map((container) => ({
      image: imageOf('agnhost', cluster),
      securityContext: {
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
      },
      ...container,
    })),
    terminationGracePeriodSeconds: 1,
    // A pod waits five minutes for a node that is lost. These do not: the
    // drill would take as long.
    tolerations: ['not-ready', 'unreachable'].map((state) => ({
      key: `node.kubernetes.io/${state}`,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: 1,
    })),
  })

  const template = (app: string, spec: object, annotations = {}) => ({
    selector: { matchLabels: { app } },
    template: { metadata: { labels: { app }, annotations }, spec },
  })

  const server = {
    name: 'server',
    args: ['netexec', '--http-port=8080', '--udp-port=-1'],
    readinessProbe: {
      httpGet: { path: '/hostname', port: 8080 },
      periodSeconds: 1,
    },
  }
  // #endregion pod

  // #region web
  const web = (version: string) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: in_('web'),
    spec: {
      replicas: 2,
      // New pods first, then fewer of the old.
      strategy: { rollingUpdate: { maxSurge: '100%', maxUnavailable: 0 } },
      ...template(
        'web',
        {
          ...pod(server),
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: 'kubernetes.io/hostname',
              whenUnsatisfiable: 'ScheduleAnyway',
              labelSelector: { matchLabels: { app: 'web' } },
            },
          ],
        },
        { version },
      ),
    },
  })

  const webService = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: in_('web'),
    spec: {
      type: 'NodePort',
      selector: { app: 'web' },
      ports: [{ port: 80, targetPort: 8080 }],
    },
  }
  // #endregion web

  // #region db
  const db = [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: in_('db'),
      spec: {
        clusterIP: 'None',
        selector: { app: 'db' },
        ports: [{ port: 8080 }],
      },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: in_('db'),
      spec: { serviceName: 'db', replicas: 2, ...template('db', pod(server)) },
    },
    // Nothing may leave the pods of db, if anybody enforces it.
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: in_('db'),
      spec: {
        podSelector: { matchLabels: { app: 'db' } },
        policyTypes: ['Egress'],
      },
    },
  ]
  // #endregion db

  // #region job
  // It fetches what the issuer publishes, by the issuer's name, and checks
  // its own token with that, as anybody outside of the cluster would.
  const token = '/var/run/secrets/kubernetes.io/serviceaccount/token'
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: in_('discovery'),
    spec: {
      template: {
        spec: {
          ...pod({
            name: 'discovery',
            args: [
              'test-service-account-issuer-discovery',
              `--token-path=${token}`,
              `--audience=${issuer}`,
            ],
          }),
          restartPolicy: 'OnFailure',
        },
      },
    },
  }
  // #endregion job

  // #region extension
  // Two servers that the API server calls: it shows the one whatever is about
  // to be stored, and passes on to the other what is asked of its API group.
  const certificate = '/tmp/cert/apiserver.crt'
  const key = '/tmp/cert/apiserver.key'
  const mount = { volumeMounts: [{ name: 'cert', mountPath: '/tmp/cert' }] }

  const extension = (tls: Pair) => [
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: in_('extension'),
      stringData: {
        'apiserver.crt': tls.certificate,
        'apiserver.key': tls.key,
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: in_('extension'),
      spec: {
        selector: { app: 'extension' },
        ports: [
          { name: 'webhook', port: 443, targetPort: 8443 },
          { name: 'metrics', port: 6443 },
        ],
      },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: in_('extension'),
      spec: template('extension', {
        ...pod(
          {
            name: 'webhook',
            args: [
              'webhook',
              '--port=8443',
              `--tls-cert-file=${certificate}`,
              `--tls-private-key-file=${key}`,
            ],
            ...mount,
          },
          { name: 'metrics', args: ['external-metrics'], ...mount },
        ),
        volumes: [{ name: 'cert', secret: { secretName: 'extension' } }],
      }),
    },
  ]

  const webhook = (caBundle: string) => ({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: namespace, labels },
    webhooks: [
      {
        name: 'configmaps.smoke.test',
        // A webhook that is asked about everything and then fails stops the
        // cluster. This one is asked about one namespace alone.
        namespaceSelector: {
          matchLabels: { 'kubernetes.io/metadata.name': namespace },
        },
        rules: [
          {
            apiGroups: [''],
            apiVersions: ['v1'],
            resources: ['configmaps'],
            operations: ['CREATE'],
          },
        ],
        clientConfig: {
          service: { namespace, name: 'extension', path: '/configmaps' },
          caBundle,
        },
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        timeoutSeconds: 5,
      },
    ],
  })

  const apiService = (caBundle: string): Manifest => ({
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: 'v1beta1.external.metrics.k8s.io', labels },
    spec: {
      group: 'external.metrics.k8s.io',
      version: 'v1beta1',
      groupPriorityMinimum: 100,
      versionPriority: 100,
      service: { namespace, name: 'extension', port: 6443 },
      caBundle,
    },
  })
  // #endregion extension

  // #region word
  const words = [
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: in_('word'),
      stringData: { word },
    },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: in_('word'),
      data: { word },
    },
  ]
  // #endregion word

  return {
    web,
    webhook,
    apiService,
    all: (tls: Pair): Manifest[] => [
      web('1'),
      webService,
      ...db,
      job,
      ...extension(tls),
      ...words,
    ],
  }
}
