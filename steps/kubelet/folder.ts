// What a kubelet reads, and kube-proxy beside it

/** Where step 10 puts what a kubelet reads. */
export const folder = '/etc/kubernetes/kubelet'

/** The certificate by which programs on a node trust API servers. */
export const authority = `${folder}/ca.crt`
