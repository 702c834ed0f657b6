import type { Manifest } from './kubernetes.ts'

const apiGroup = 'rbac.authorization.k8s.io'

/**
 * A rule that gives a ClusterRole to one user or group, in all namespaces.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/rbac/
 * @example
 * clusterRoleBinding('admins', 'cluster-admin', { Group: 'cluster-admins' })
 */
export function clusterRoleBinding(
  name: string,
  role: string,
  subject: { User: string } | { Group: string },
): Manifest {
  const subjects = Object.entries(subject).map(([kind, name]) => ({
    apiGroup,
    kind,
    name,
  }))
  return {
    apiVersion: `${apiGroup}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup, kind: 'ClusterRole', name: role },
    subjects,
  }
}
