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

/** Where the layers lie, as the overlay driver of Docker shows them. */
function viewGraph(images: Images, record: ImageRecord): object {
  const [upper = '', ...lower] = record.diffIds.map((diffId) => images.layers.pathOf(diffId)).toReversed()
  const below = lower.length > 0 ? { LowerDir: lower.join(':') } : {}
  return { Data: { ...below, MergedDir: '', UpperDir: upper, WorkDir: '' }, Name: 'overlay2' }
}

/** What was said about the image when it was made. */
function viewOrigin({ config, parent }: ImageRecord): object {
  const said: [string, string | undefined, string][] = [
    ['Parent', parent, ''],
    ['Comment', config.comment ?? config.history?.at(-1)?.comment, ''],
    ['Created', config.created, '0001-01-01T00:00:00Z'],
    ['Container', config.container, ''],
    ['DockerVersion', config.docker_version, ''],
    ['Author', config.author, ''],
  ]
  return Object.fromEntries(said.map(([key, value, absent]) => [key, value ?? absent]))
}

/** The document. */
export function viewImage(images: Images, record: ImageRecord): object {
  const { config } = record
  return {
    Id: record.id,
    RepoTags: record.tags.map((tag) => familiarReference(parseReference(tag))),
    RepoDigests: record.digests.map((digest) => familiarReference(parseReference(digest))),
    ...viewOrigin(record),
    ContainerConfig: viewConfig(config.container_config),
    Config: viewConfig(config.config),
    Architecture: config.architecture,
    ...(config.variant === undefined ? {} : { Variant: config.variant }),
    Os: config.os,
    Size: record.sizeBytes,
    VirtualSize: record.sizeBytes,
    GraphDriver: viewGraph(images, record),
    RootFS: { Type: 'layers', ...(record.diffIds.length > 0 ? { Layers: record.diffIds } : {}) },
    Metadata: { LastTagTime: formatWhen(record.lastTagMs) },
  }
}
