import { arch } from 'node:process'
import type { ArtifactSource } from '../cluster-schema.ts'

/** What Kubernetes has releases for, and this guide has hashes for. */
export const architectures = ['amd64', 'arm64'] as const
/** One of {@link architectures}. */
export type Architecture = (typeof architectures)[number]

/** One program, or the archive of one image, in the operator's cache. */
export interface Artifact {
  /** Such as `kubelet`, `bridge`, `pause`. */
  name: string
  version: string
  architecture: Architecture
  /** Absolute path. Machines get a copy of exactly this file. */
  file: string
  /** Of `file`. */
  sha256: string
  /** How this call came by it: `cache` when it was there already. */
  source: ArtifactSource
  /** How it came into the cache, now or in an earlier run. */
  origin: Origin
  /** True when these bytes are of the publisher's release, so that a machine
   * that downloads it by itself gets the same file. */
  official: boolean
  /** Images only: `sha256:…` of the manifest, as containerd lists it. */
  digest?: string
}

/** Where an artifact came from before it was in the cache. */
export type Origin = Exclude<ArtifactSource, 'cache'>

/**
 * What this computer is, in the words of Go; undefined for anything else.
 *
 * @example
 * architectureHere() // 'amd64'
 */
export function architectureHere(): Architecture | undefined {
  if (arch === 'x64') return 'amd64'
  return arch === 'arm64' ? 'arm64' : undefined
}
