/** `GET /images/{name}/json`: an image with every field that some API version had. Pure. */
import type { Images } from '#images/images.ts'
import type { ImageRecord } from '#images/records/record-types.ts'
import { familiarReference, parseReference } from '#spec/oci/reference.ts'
import type { ImageRunConfig } from '#spec/oci/image-config.ts'
import { formatWhen } from '#engine/containers/inspect-container.ts'

/** The configuration with the fields that Docker always shows. */
function viewConfig(config: ImageRunConfig | undefined): object {
  return {
    Hostname: '',
    Domainname: '',
    User: '',
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    Tty: false,
    OpenStdin: false,
    StdinOnce: false,
    Env: null,
    Cmd: null,
    Image: '',
    Volumes: null,
    WorkingDir: '',
    Entrypoint: null,
    OnBuild: null,
    Labels: null,
    ...config,
  }
}

/** The document. */
export function viewImage(images: Images, record: ImageRecord): object {
  const { config } = record
  const folders = record.diffIds.map((diffId) => images.layers.pathOf(diffId)).toReversed()
  const [upper, ...lower] = folders
  return {
    Id: record.id,
    RepoTags: record.tags.map((tag) => familiarReference(parseReference(tag))),
    RepoDigests: record.digests.map((digest) => familiarReference(parseReference(digest))),
    Parent: record.parent ?? '',
    Comment: config.comment ?? config.history?.at(-1)?.comment ?? '',
    Created: config.created ?? '0001-01-01T00:00:00Z',
    Container: config.container ?? '',
    ContainerConfig: viewConfig(config.container_config),
    DockerVersion: config.docker_version ?? '',
    Author: config.author ?? '',
    Config: viewConfig(config.config),
    Architecture: config.architecture,
    ...(config.variant === undefined ? {} : { Variant: config.variant }),
    Os: config.os,
    Size: record.sizeBytes,
    VirtualSize: record.sizeBytes,
    GraphDriver: {
      Data: {
        ...(lower.length > 0 ? { LowerDir: lower.join(':') } : {}),
        MergedDir: '',
        UpperDir: upper ?? '',
        WorkDir: '',
      },
      Name: 'overlay2',
    },
    RootFS: { Type: 'layers', ...(record.diffIds.length > 0 ? { Layers: record.diffIds } : {}) },
    Metadata: { LastTagTime: formatWhen(record.lastTagMs) },
  }
}
