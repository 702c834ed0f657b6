// What a request meets in the API server of step 06: three gates, and a log.
// Each is a file.

import { text } from '../../lib/text.ts'

// #region authentication
export const policies = {
  // Who are you? Client certificates and service-account tokens are on by
  // their flags. Who shows neither may ask one thing: are you healthy?
  'authentication.yaml': text`
    apiVersion: apiserver.config.k8s.io/v1
    kind: AuthenticationConfiguration
    anonymous:
      enabled: true
      conditions: [{ path: /livez }, { path: /readyz }, { path: /healthz }]
  `,
  // #endregion authentication

  // #region authorization
  // May you? Asked in this order. Node limits a kubelet to its own node and
  // what the pods there need, RBAC is for everybody else. What neither of
  // them allows is denied.
  'authorization.yaml': text`
    apiVersion: apiserver.config.k8s.io/v1
    kind: AuthorizationConfiguration
    authorizers:
      - { type: Node, name: node }
      - { type: RBAC, name: rbac }
  `,
  // #endregion authorization

  // #region admission
  // Should it be so? The last gate before the database. Pods may not take
  // over their machine (baseline) unless they are part of the cluster.
  'admission.yaml': text`
    apiVersion: apiserver.config.k8s.io/v1
    kind: AdmissionConfiguration
    plugins:
      - name: PodSecurity
        configuration:
          apiVersion: pod-security.admission.config.k8s.io/v1
          kind: PodSecurityConfiguration
          defaults: { enforce: baseline, warn: restricted }
          exemptions: { namespaces: [kube-system] }
  `,
  // #endregion admission

  // #region audit
  // Who did what? Without a policy nothing is written at all. Health checks
  // and leases, several a second, would drown the rest. Bodies stay out: a
  // log that holds Secrets is a second database to protect.
  'audit.yaml': text`
    apiVersion: audit.k8s.io/v1
    kind: Policy
    omitStages: [RequestReceived]
    rules:
      - level: None
        nonResourceURLs: [/livez*, /readyz*, /healthz*]
      - level: None
        resources: [{ group: coordination.k8s.io, resources: [leases] }]
      - level: Metadata
  `,
}
// #endregion audit
