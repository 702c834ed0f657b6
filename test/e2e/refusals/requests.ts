import forge from 'node-forge'
import type { Manifest } from '../../../lib/kubernetes.ts'
import { createKeyPair } from '../../../lib/pki.ts'

export const requests =
  '/apis/certificates.k8s.io/v1/certificatesigningrequests'

/** Signers that the controller manager has. */
export const signers = {
  kubelet: 'kubernetes.io/kube-apiserver-client-kubelet',
  client: 'kubernetes.io/kube-apiserver-client',
}

/** What somebody sends who wants a certificate for a name. */
export async function requestFor(
  metadata: { name: string },
  subject: { commonName: string; organization: string },
  signerName = signers.kubelet,
): Promise<Manifest> {
  const { privateKey, publicKey } = await createKeyPair()
  const request = forge.pki.createCertificationRequest()
  request.publicKey = forge.pki.publicKeyFromPem(publicKey)
  request.setSubject([
    { name: 'organizationName', value: subject.organization },
    { name: 'commonName', value: subject.commonName },
  ])
  const key = forge.pki.privateKeyFromPem(privateKey)
  request.sign(key, forge.md.sha256.create())
  const pem = forge.pki.certificationRequestToPem(request)
  return {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata,
    spec: {
      request: Buffer.from(pem).toString('base64'),
      signerName,
      expirationSeconds: 600,
      usages: ['digital signature', 'client auth'],
    },
  }
}

/** Says yes to a request, as far as that is up to whoever sends it. */
export function approvalOf(request: Manifest): Manifest {
  const yes = { type: 'Approved', status: 'True', reason: 'Refusals' }
  return { ...request, status: { conditions: [yes] } }
}
