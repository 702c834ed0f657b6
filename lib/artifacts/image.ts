import { sha256Of } from './checksum.ts'
import { type TarEntry, tarArchive } from './tar.ts'

/** A part of an image: configuration or layer. */
export interface Blob {
  mediaType: string
  content: Buffer[]
}

/** An image for one architecture, as a registry would hold it. */
export interface Image {
  /** The name that pods ask for, with registry and tag. */
  reference: string
  /** The manifest, byte for byte: its sha256 is the image's digest. */
  manifest: Blob
  config: Blob
  layers: Blob[]
}

/** How to start a container of an image. */
export interface ImageConfig {
  Entrypoint: string[]
  Cmd?: string[]
  User?: string
  Env?: string[]
  WorkingDir?: string
}

/**
 * Makes an image with one layer out of files.
 *
 * @param reference the name that pods ask for
 * @param architecture as Kubernetes calls it
 * @param config how to start it
 * @param files what is in it
 * @example
 * imageOf('registry.k8s.io/pause:3.10.2', 'amd64', config, files)
 * @see https://github.com/opencontainers/image-spec
 */
export function imageOf(
  reference: string,
  architecture: string,
  config: ImageConfig,
  files: readonly TarEntry[],
): Image {
  const layer: Blob = {
    mediaType: 'application/vnd.oci.image.layer.v1.tar',
    content: tarArchive(files),
  }
  const described: Blob = {
    mediaType: 'application/vnd.oci.image.config.v1+json',
    content: json({
      architecture,
      os: 'linux',
      config,
      rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
    }),
  }
  const manifest: Blob = {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    content: json({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: descriptor(described),
      layers: [descriptor(layer)],
    }),
  }
  return { reference, manifest, config: described, layers: [layer] }
}

/**
 * Packs an image into an archive that both `ctr images import` and
 * `docker load` read. The OCI layout in it keeps the manifest, so containerd
 * lists the image under the digest that is known here.
 *
 * @returns the archive's pieces in order
 * @example
 * await writeFile('pause.tar', imageArchive(image))
 * @see https://github.com/opencontainers/image-spec/blob/main/image-layout.md
 */
export function imageArchive(image: Image): Buffer[] {
  const { reference, manifest, config, layers } = image
  const tag = reference.slice(reference.lastIndexOf(':') + 1)
  const index = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [
      {
        ...descriptor(manifest),
        annotations: {
          'io.containerd.image.name': reference,
          'org.opencontainers.image.ref.name': tag,
        },
      },
    ],
  }
  const forDocker = [
    {
      Config: blobPath(config),
      RepoTags: [reference],
      Layers: layers.map(blobPath),
    },
  ]
  const blobs = new Map(
    [config, ...layers, manifest].map((blob) => [blobPath(blob), blob]),
  )
  return tarArchive([
    { path: 'oci-layout', content: json({ imageLayoutVersion: '1.0.0' }) },
    { path: 'index.json', content: json(index) },
    { path: 'manifest.json', content: json(forDocker) },
    ...[...blobs].map(([path, { content }]) => ({ path, content })),
  ])
}

/**
 * The digest of a blob, as registries and containerd write it.
 *
 * @example
 * digestOf(image.manifest) // 'sha256:…'
 */
export function digestOf(blob: Blob): string {
  const known = digests.get(blob)
  if (known) return known
  const digest = `sha256:${sha256Of(...blob.content)}`
  digests.set(blob, digest)
  return digest
}

// A layer is large, and its digest is asked for several times.
const digests = new WeakMap<Blob, string>()

function descriptor(blob: Blob) {
  const { mediaType, content } = blob
  const size = content.reduce((sum, { length }) => sum + length, 0)
  return { mediaType, digest: digestOf(blob), size }
}

function blobPath(blob: Blob): string {
  return `blobs/${digestOf(blob).replace(':', '/')}`
}

function json(value: unknown): Buffer[] {
  return [Buffer.from(JSON.stringify(value))]
}
