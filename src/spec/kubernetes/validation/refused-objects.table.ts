/** Requests that kube-apiserver 1.36.3 refused as invalid, with what it said of them. */
type Json = Readonly<Record<string, unknown>>

export const refusedObjects: readonly (readonly [object: Json, messages: readonly string[]])[] = [
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'Q_' },
      spec: { schedulerName: 'nobody', containers: [{ name: 'c', image: 'i' }] },
    },
    [
      "metadata.name: Invalid value: \"Q_\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ],
  ],
  [
    { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'q' }, spec: { schedulerName: 'nobody', containers: [] } },
    ['spec.containers: Required value'],
  ],
  [{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'q' } }, ['spec.containers: Required value']],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q' },
      spec: { schedulerName: 'nobody', containers: [{ name: 'Bad_', image: 'i' }] },
    },
    [
      "spec.containers[0].name: Invalid value: \"Bad_\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    ],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q' },
      spec: { schedulerName: 'nobody', containers: [{ name: 'c', image: '' }] },
    },
    ['spec.containers[0].image: Required value'],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q' },
      spec: { schedulerName: 'nobody', containers: [{ image: 'i' }] },
    },
    ['spec.containers[0].name: Required value'],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q' },
      spec: {
        schedulerName: 'nobody',
        containers: [
          { name: 'c', image: 'i' },
          { name: 'c', image: 'i' },
        ],
      },
    },
    ['spec.containers[1].name: Duplicate value: "c"'],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q' },
      spec: { schedulerName: 'nobody', containers: [{ name: 'c', image: 'i' }], restartPolicy: 'Sometimes' },
    },
    ['spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"'],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q' },
      spec: { schedulerName: 'nobody', containers: [{ name: 'c', image: 'i' }], dnsPolicy: 'Nope' },
    },
    [
      'spec.dnsPolicy: Unsupported value: "Nope": supported values: "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"',
    ],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q' },
      spec: { schedulerName: 'nobody', containers: [{ name: 'c', image: 'i', imagePullPolicy: 'Nope' }] },
    },
    [
      'spec.containers[0].imagePullPolicy: Unsupported value: "Nope": supported values: "Always", "IfNotPresent", "Never"',
    ],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q' },
      spec: { schedulerName: 'nobody', containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 70000 }] }] },
    },
    ['spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive'],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q' },
      spec: {
        schedulerName: 'nobody',
        containers: [
          { name: 'c', image: 'i', ports: [{ containerPort: 80, protocol: 'XTP', name: 'TooLongPortNameHere' }] },
        ],
      },
    },
    [
      'spec.containers[0].ports[0].name: Invalid value: "TooLongPortNameHere": must be no more than 15 characters',
      'spec.containers[0].ports[0].name: Invalid value: "TooLongPortNameHere": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
      'spec.containers[0].ports[0].protocol: Unsupported value: "XTP": supported values: "SCTP", "TCP", "UDP"',
    ],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q' },
      spec: { schedulerName: 'nobody', containers: [{ name: 'c', image: 'i', env: [{ name: 'A=B', value: 'x' }] }] },
    },
    [
      'spec.containers[0].env[0].name: Invalid value: "A=B": a valid environment variable name must consist only of printable ASCII characters other than \'=\'',
    ],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q' },
      spec: {
        schedulerName: 'nobody',
        containers: [
          {
            name: 'c',
            image: 'i',
            env: [{ name: 'A', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
          },
        ],
      },
    },
    ['spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty'],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q' },
      spec: {
        schedulerName: 'nobody',
        containers: [
          { name: 'c', image: 'i', env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.nope' } } }] },
        ],
      },
    },
    [
      'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "metadata.nope": error converting fieldPath: field label not supported: metadata.nope',
    ],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q' },
      spec: {
        schedulerName: 'nobody',
        containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } }],
      },
    },
    ['spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1'],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q' },
      spec: {
        schedulerName: 'nobody',
        containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '-1' } } }],
      },
    },
    ['spec.containers[0].resources.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0'],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q' },
      spec: {
        schedulerName: 'nobody',
        containers: [{ name: 'c', image: 'i', resources: { requests: { nonsense: '1' } } }],
      },
    },
    [
      'spec.containers[0].resources.requests[nonsense]: Invalid value: "nonsense": must be a standard resource type or fully qualified',
      'spec.containers[0].resources.requests[nonsense]: Invalid value: "nonsense": must be a standard resource for containers',
    ],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q' },
      spec: {
        schedulerName: 'nobody',
        containers: [
          {
            name: 'c',
            image: 'i',
            resources: { requests: { 'example.com/gpu': '1' }, limits: { 'example.com/gpu': '2' } },
          },
        ],
      },
    },
    ['spec.containers[0].resources.requests: Invalid value: "1": must be equal to example.com/gpu limit of 2'],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q' },
      spec: {
        schedulerName: 'nobody',
        containers: [{ name: 'c', image: 'i', volumeMounts: [{ name: 'none', mountPath: '/x' }] }],
      },
    },
    ['spec.containers[0].volumeMounts[0].name: Not found: "none"'],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q2' },
      spec: {
        schedulerName: 'nobody',
        containers: [{ name: 'c', image: 'i' }],
        volumes: [{ name: 'v', emptyDir: {}, hostPath: { path: '/' } }],
      },
    },
    ['spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type'],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q2' },
      spec: {
        schedulerName: 'nobody',
        containers: [{ name: 'c', image: 'i' }],
        volumes: [{ name: 'v', hostPath: { path: '../x' } }],
      },
    },
    ['spec.volumes[0].hostPath.path: Invalid value: "../x": must not contain \'..\''],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q2' },
      spec: {
        schedulerName: 'nobody',
        containers: [{ name: 'c', image: 'i' }],
        volumes: [
          { name: 'v', configMap: { name: '' } },
          { name: 'v', emptyDir: {} },
        ],
      },
    },
    ['spec.volumes[0].configMap.name: Required value'],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q2' },
      spec: { schedulerName: 'nobody', containers: [{ name: 'c', image: 'i', livenessProbe: {} }] },
    },
    ['spec.containers[0].livenessProbe: Required value: must specify a handler type'],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q2' },
      spec: {
        schedulerName: 'nobody',
        containers: [{ name: 'c', image: 'i', livenessProbe: { httpGet: { port: 0 }, periodSeconds: -1 } }],
      },
    },
    [
      'spec.containers[0].livenessProbe.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive',
      'spec.containers[0].livenessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0',
    ],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q2' },
      spec: {
        schedulerName: 'nobody',
        containers: [{ name: 'c', image: 'i', livenessProbe: { exec: { command: ['x'] }, successThreshold: 2 } }],
      },
    },
    ['spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1'],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q2' },
      spec: {
        schedulerName: 'nobody',
        containers: [{ name: 'c', image: 'i' }],
        tolerations: [{ key: 'a', operator: 'Nope' }],
      },
    },
    ['spec.tolerations[0].operator: Unsupported value: "Nope": supported values: "Equal", "Exists"'],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q2' },
      spec: {
        schedulerName: 'nobody',
        containers: [{ name: 'c', image: 'i' }],
        tolerations: [{ operator: 'Exists', value: 'v' }],
      },
    },
    ['spec.tolerations[0].operator: Invalid value: "v": value must be empty when `operator` is \'Exists\''],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q2' },
      spec: { schedulerName: 'nobody', containers: [{ name: 'c', image: 'i' }], nodeSelector: { 'bad key': 'x' } },
    },
    [
      "spec.nodeSelector: Invalid value: \"bad key\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    ],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q2' },
      spec: {
        schedulerName: 'nobody',
        containers: [{ name: 'c', image: 'i' }],
        affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: '' }] } },
      },
    },
    [
      'spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Required value: can not be empty',
      'spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Invalid value: "": name part must be non-empty',
      "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Invalid value: \"\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    ],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q2' },
      spec: {
        schedulerName: 'nobody',
        containers: [{ name: 'c', image: 'i' }],
        topologySpreadConstraints: [{ maxSkew: 0, topologyKey: '', whenUnsatisfiable: 'No' }],
      },
    },
    [
      'spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero',
      'spec.topologySpreadConstraints[0].topologyKey: Required value: can not be empty',
      'spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: "No": supported values: "DoNotSchedule", "ScheduleAnyway"',
    ],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q2' },
      spec: {
        schedulerName: 'nobody',
        containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80, hostPort: 81 }] }],
        hostNetwork: true,
      },
    },
    ['spec.containers[0].ports[0].hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true'],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q2' },
      spec: { schedulerName: 'nobody', containers: [{ name: 'c', image: 'i' }], activeDeadlineSeconds: 0 },
    },
    ['spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive'],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q3' },
      spec: {
        schedulerName: 'nobody',
        containers: [{ name: 'c', image: 'i' }],
        securityContext: { runAsUser: -1, fsGroup: -1, sysctls: [{ name: 'bad sysctl', value: '1' }] },
      },
    },
    [
      'spec.securityContext.fsGroup: Invalid value: -1: must be between 0 and 2147483647, inclusive',
      'spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive',
      'spec.securityContext.sysctls[0].name: Invalid value: "bad sysctl": must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$',
    ],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q3' },
      spec: {
        schedulerName: 'nobody',
        containers: [{ name: 'c', image: 'i', securityContext: { privileged: true, allowPrivilegeEscalation: false } }],
      },
    },
    [
      'spec.containers[0].securityContext: Invalid value: {"Capabilities":null,"Privileged":true,"SELinuxOptions":null,"WindowsOptions":null,"RunAsUser":null,"RunAsGroup":null,"RunAsNonRoot":null,"ReadOnlyRootFilesystem":null,"AllowPrivilegeEscalation":false,"ProcMount":null,"SeccompProfile":null,"AppArmorProfile":null}: cannot set `allowPrivilegeEscalation` to false and `privileged` to true',
    ],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q3' },
      spec: {
        schedulerName: 'nobody',
        containers: [{ name: 'c', image: 'i' }],
        hostAliases: [{ ip: 'nope', hostnames: ['Bad_Host'] }],
      },
    },
    [
      'spec.hostAliases[0].ip: Invalid value: "nope": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      "spec.hostAliases[0].hostnames[0]: Invalid value: \"Bad_Host\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q3' },
      spec: { schedulerName: 'nobody', containers: [{ name: 'c', image: 'i' }], hostname: 'Bad_', subdomain: 'a.b' },
    },
    [
      "spec.hostname: Invalid value: \"Bad_\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
      'spec.subdomain: Invalid value: "a.b": must not contain dots',
    ],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q3' },
      spec: { schedulerName: 'nobody', containers: [{ name: 'c', image: 'i' }], dnsPolicy: 'None' },
    },
    ['spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None'],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q3' },
      spec: {
        schedulerName: 'nobody',
        containers: [{ name: 'c', image: 'i' }],
        initContainers: [{ name: 'c', image: 'i', livenessProbe: { exec: { command: ['x'] } } }],
      },
    },
    [
      'spec.initContainers[0].name: Duplicate value: "c"',
      'spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
    ],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q3' },
      spec: {
        schedulerName: 'nobody',
        containers: [{ name: 'c', image: 'i' }],
        ephemeralContainers: [{ name: 'e', image: 'i' }],
      },
    },
    ['spec.ephemeralContainers: Forbidden: cannot be set on create'],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q3' },
      spec: {
        schedulerName: 'nobody',
        containers: [{ name: 'c', image: 'i' }],
        schedulingGates: [{ name: 'a' }],
        nodeName: 'x',
      },
    },
    ['spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared'],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q3' },
      spec: { schedulerName: 'nobody', containers: [{ name: 'c', image: 'i' }], os: { name: 'beos' } },
    },
    ['spec.os: Unsupported value: "beos": supported values: "linux", "windows"'],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q3', labels: { 'a b': 'c' } },
      spec: { schedulerName: 'nobody', containers: [{ name: 'c', image: 'i' }] },
    },
    [
      "metadata.labels: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    ],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q3', annotations: { 'a b': 'c' } },
      spec: { schedulerName: 'nobody', containers: [{ name: 'c', image: 'i' }] },
    },
    [
      "metadata.annotations: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    ],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q3', finalizers: ['bad'] },
      spec: { schedulerName: 'nobody', containers: [{ name: 'c', image: 'i' }] },
    },
    [
      'metadata.finalizers[0]: Invalid value: "bad": name is neither a standard finalizer name nor is it fully qualified',
    ],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q3', ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: '', uid: '' }] },
      spec: { schedulerName: 'nobody', containers: [{ name: 'c', image: 'i' }] },
    },
    [
      'metadata.ownerReferences.name: Invalid value: "": must not be empty',
      'metadata.ownerReferences.uid: Invalid value: "": must not be empty',
    ],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {},
      spec: { schedulerName: 'nobody', containers: [{ name: 'c', image: 'i' }] },
    },
    ['metadata.name: Required value: name or generateName is required'],
  ],
  [
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' }, type: 'kubernetes.io/tls' },
    ['data[tls.crt]: Required value', 'data[tls.key]: Required value'],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'x' },
      type: 'kubernetes.io/dockerconfigjson',
      stringData: { '.dockerconfigjson': 'nope' },
    },
    [
      "data[.dockerconfigjson]: Invalid value: \"<secret contents redacted>\": invalid character 'o' in literal null (expecting 'u')",
    ],
  ],
  [
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' }, type: 'kubernetes.io/basic-auth' },
    ['data[username]: Required value', 'data[password]: Required value'],
  ],
  [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: { 'bad key': 'v' } },
    [
      "data[bad key]: Invalid value: \"bad key\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    ],
  ],
  [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: { k: 'v' }, binaryData: { k: 'aGk=' } },
    ['data[k]: Invalid value: "k": duplicate of key present in binaryData'],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'x' },
      spec: { accessModes: ['Nope'], resources: { requests: { storage: '0' } } },
    },
    [
      'spec.accessModes: Unsupported value: "Nope": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
      'spec.resources[storage]: Invalid value: "0": must be greater than zero',
    ],
  ],
  [
    { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'x' }, spec: {} },
    ['spec.accessModes: Required value: at least 1 access mode is required', 'spec.resources[storage]: Required value'],
  ],
  [
    { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'x' }, spec: {} },
    [
      'spec.accessModes: Required value',
      'spec.capacity: Required value',
      'spec.capacity: Unsupported value: null: supported values: "storage"',
      'spec: Required value: must specify a volume type',
    ],
  ],
  [
    { apiVersion: 'v1', kind: 'Node', metadata: { name: 'Bad_' } },
    [
      "metadata.name: Invalid value: \"Bad_\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ],
  ],
  [
    {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'x' },
      spec: { template: { spec: { restartPolicy: 'Always', containers: [{ name: 'c', image: 'i' }] } } },
    },
    ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
  ],
  [
    {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'x' },
      spec: {
        parallelism: -1,
        completions: -1,
        backoffLimit: -1,
        completionMode: 'Nope',
        template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } },
      },
    },
    [
      'spec.parallelism: Invalid value: -1: must be greater than or equal to 0',
      'spec.completions: Invalid value: -1: must be greater than or equal to 0',
      'spec.backoffLimit: Invalid value: -1: must be greater than or equal to 0',
      'spec.completionMode: Unsupported value: "Nope": supported values: "NonIndexed", "Indexed"',
    ],
  ],
  [
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'x' },
      spec: {
        schedule: '* * *',
        timeZone: 'Mars/X',
        concurrencyPolicy: 'Nope',
        jobTemplate: {
          spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } } },
        },
      },
    },
    [
      'spec.schedule: Invalid value: "* * *": expected exactly 5 fields, found 3: [* * *]',
      'spec.timeZone: Invalid value: "Mars/X": unknown time zone Mars/X',
      'spec.concurrencyPolicy: Unsupported value: "Nope": supported values: "Allow", "Forbid", "Replace"',
    ],
  ],
  [
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'x' },
      spec: {
        podManagementPolicy: 'Nope',
        selector: { matchLabels: { a: 'b' } },
        template: { metadata: { labels: { a: 'c' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
      },
    },
    [
      "spec.podManagementPolicy: Invalid value: \"Nope\": must be 'OrderedReady' or 'Parallel'",
      'spec.template.metadata.labels: Invalid value: {"a":"c"}: `selector` does not match template `labels`',
    ],
  ],
  [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'x' },
      spec: { template: { spec: { containers: [{ name: 'c', image: 'i' }] } } },
    },
    [
      'spec.selector: Required value',
      'spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`',
    ],
  ],
  [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'x' },
      spec: {
        selector: {},
        template: { metadata: { labels: { a: 'c' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
      },
    },
    ['spec.selector: Invalid value: {}: empty selector is invalid for deployment'],
  ],
  [
    {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'x' },
      spec: { maxReplicas: 0, minReplicas: 0, scaleTargetRef: { kind: '', name: '' } },
    },
    [
      'spec.minReplicas: Invalid value: 0: must be greater than or equal to 1',
      'spec.maxReplicas: Required value: must be set and greater than 0',
      'spec.scaleTargetRef.kind: Required value',
      'spec.scaleTargetRef.name: Required value',
      'spec.scaleTargetRef.apiVersion: Invalid value: "": apiVersion must specify API group',
      'spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas',
    ],
  ],
  [
    {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'x' },
      spec: {
        maxReplicas: 3,
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
        behavior: { scaleUp: { policies: [] }, scaleDown: { policies: [] } },
      },
    },
    [
      'spec.behavior.scaleUp.policies: Required value: must specify at least one Policy',
      'spec.behavior.scaleDown.policies: Required value: must specify at least one Policy',
    ],
  ],
  [
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'x' },
      spec: { rules: [{ host: '*.*.bad', http: { paths: [{ path: 'no', pathType: 'Nope', backend: {} }] } }] },
    },
    [
      "spec.rules[0].host: Invalid value: \"*.*.bad\": a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
      'spec.rules[0].http.paths[0].pathType: Unsupported value: "Nope": supported values: "Exact", "ImplementationSpecific", "Prefix"',
      'spec.rules[0].http.paths[0].backend: Invalid value: "": resource or service backend is required',
    ],
  ],
  [
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'x' },
      spec: {
        podSelector: {},
        policyTypes: ['Nope'],
        ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/99' } }], ports: [{ port: 0 }] }],
      },
    },
    [
      'spec.ingress[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
      'spec.ingress[0].from[0].ipBlock.cidr: Invalid value: "10.0.0.0/99": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
      'spec.policyTypes[0]: Unsupported value: "Nope": supported values: "Ingress", "Egress"',
    ],
  ],
  [
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'x' },
      spec: { minAvailable: 1, maxUnavailable: 1 },
    },
    [
      'spec: Invalid value: {"MinAvailable":1,"Selector":null,"MaxUnavailable":1,"UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set',
    ],
  ],
  [
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'x' },
      rules: [{ verbs: [], resources: ['pods'] }],
    },
    [
      'rules[0].verbs: Required value: verbs must contain at least one value',
      'rules[0].apiGroups: Required value: resource rules must supply at least one api group',
    ],
  ],
  [
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'x' },
      subjects: [{ kind: 'Nope', name: 'a' }],
      roleRef: { kind: 'Role', name: '', apiGroup: 'rbac.authorization.k8s.io' },
    },
    [
      'roleRef.name: Required value',
      'subjects[0].kind: Unsupported value: "Nope": supported values: "ServiceAccount", "User", "Group"',
    ],
  ],
  [
    { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: 'x' }, reclaimPolicy: 'Nope' },
    ['provisioner: Required value', 'reclaimPolicy: Unsupported value: "Nope": supported values: "Delete", "Retain"'],
  ],
  [
    {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'x' },
      spec: { leaseDurationSeconds: 0, leaseTransitions: -1 },
    },
    [
      'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
      'spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0',
    ],
  ],
  [
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'x' },
      addressType: 'Nope',
      endpoints: [{ addresses: ['bad'] }],
    },
    ['addressType: Unsupported value: "Nope": supported values: "FQDN", "IPv4", "IPv6"'],
  ],
  [
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'x' },
      webhooks: [{ name: 'bad', clientConfig: {}, sideEffects: 'Some', admissionReviewVersions: [] }],
    },
    [
      'webhooks[0].name: Invalid value: "bad": should be a domain with at least three segments separated by dots',
      'webhooks[0].sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"',
      'webhooks[0].clientConfig: Required value: exactly one of url or service is required',
      'webhooks[0].admissionReviewVersions: Required value: must specify one of v1, v1beta1',
    ],
  ],
  [
    { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'system-x' }, value: 1 },
    [
      "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: system-x is not a known system priority class",
    ],
  ],
  [
    { apiVersion: 'v1', kind: 'Event', metadata: { name: 'x' }, involvedObject: { namespace: 'other' } },
    ['involvedObject.namespace: Invalid value: "other": does not match event.namespace'],
  ],
  [
    { apiVersion: 'v1', kind: 'Event', metadata: {}, involvedObject: { namespace: 'other' } },
    ['involvedObject.namespace: Invalid value: "other": does not match event.namespace'],
  ],
  [
    {
      apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
      kind: 'FlowSchema',
      metadata: { name: 'x' },
      spec: {
        matchingPrecedence: 1,
        priorityLevelConfiguration: { name: '' },
        distinguisherMethod: { type: 'ByAge' },
        rules: [
          {
            subjects: [{ kind: 'User', group: { name: 'g' } }, { kind: 'Robot' }],
            nonResourceRules: [{ verbs: ['look'], nonResourceURLs: ['a', '/a*', '/a/*'] }],
            resourceRules: [{ verbs: ['*', 'get'], apiGroups: [], resources: ['*', 'pods'], namespaces: ['Bad_'] }],
          },
        ],
      },
    },
    [
      "spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1",
      'spec.distinguisherMethod.type: Unsupported value: {"Type":"ByAge"}: supported values: "ByNamespace", "ByUser"',
      'spec.priorityLevelConfiguration.name: Required value: must reference a priority level',
      "spec.rules[0].subjects[0].user: Required value: user is required when subject kind is 'User'",
      "spec.rules[0].subjects[0].group: Forbidden: group is forbidden when subject kind is not 'Group'",
      'spec.rules[0].subjects[1].kind: Unsupported value: "Robot": supported values: "Group", "ServiceAccount", "User"',
      'spec.rules[0].resourceRules[0].verbs: Invalid value: ["*","get"]: if \'*\' is present, must not specify other verbs',
      'spec.rules[0].resourceRules[0].apiGroups: Required value: resource rules must supply at least one api group',
      'spec.rules[0].resourceRules[0].resources: Invalid value: ["*","pods"]: if \'*\' is present, must not specify other resources',
      "spec.rules[0].resourceRules[0].namespaces[0]: Invalid value: \"Bad_\": each member of this list must be '*' or a DNS-1123 label; a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
      'spec.rules[0].nonResourceRules[0].verbs: Unsupported value: ["look"]: supported values: "create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"',
      'spec.rules[0].nonResourceRules[0].nonResourceURLs[0]: Invalid value: "a": must start with slash',
      'spec.rules[0].nonResourceRules[0].nonResourceURLs[1]: Invalid value: "/a*": wildcard can only do suffix matching',
    ],
  ],
  [
    {
      apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
      kind: 'PriorityLevelConfiguration',
      metadata: { name: 'x' },
      spec: {
        type: 'Limited',
        exempt: {},
        limited: {
          lendablePercent: 101,
          limitResponse: { type: 'Queue', queuing: { queues: 1000, handSize: 8, queueLengthLimit: -1 } },
        },
      },
    },
    [
      'spec.exempt: Forbidden: must be nil if the type is Limited',
      'spec.limited.limitResponse.queuing.queueLengthLimit: Invalid value: -1: must be positive',
      'spec.limited.limitResponse.queuing.handSize: Invalid value: 8: required entropy bits of deckSize 1000 and handSize 8 should not be greater than 60',
      'spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive',
    ],
  ],
  [
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1.example.com' },
      spec: { group: 'example.com', version: 'v2', groupPriorityMinimum: 0, versionPriority: 1001, service: {} },
    },
    [
      'metadata.name: Invalid value: "v1.example.com": must be `spec.version+"."+spec.group`: "v2.example.com"',
      'spec.groupPriorityMinimum: Invalid value: 0: must be positive and less than 20000',
      'spec.versionPriority: Invalid value: 1001: must be positive and less than 1000',
      'spec.service.namespace: Required value',
      'spec.service.name: Required value',
    ],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'x' },
      spec: {
        containers: [
          { name: 'c', image: 'i', resizePolicy: [{}], resources: { claims: [{ name: '' }, { name: 'a' }] } },
        ],
      },
    },
    [
      'spec.containers[0].resources.claims[0]: Required value',
      'spec.containers[0].resources.claims[1]: Not found: "a": must be one of the names in pod.spec.resourceClaims which is empty',
      'spec.containers[0].resizePolicy: Required value',
      'spec.containers[0].resizePolicy: Required value',
    ],
  ],
  [
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'x' },
      provisioner: 'a.b/c',
      allowedTopologies: [{ matchLabelExpressions: [{ key: 'z', values: ['a', 'b'] }] }, {}],
    },
    [
      'allowedTopologies[1].matchLabelExpressions: Duplicate value: ""',
      'allowedTopologies[1].matchLabelExpressions: Duplicate value: ""',
    ],
  ],
  [
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'x' },
      aggregationRule: { clusterRoleSelectors: [{ matchExpressions: [{ key: 'a', operator: 'Near' }] }] },
    },
    [
      'aggregationRule.clusterRoleSelectors[0].matchExpressions[0].operator: Invalid value: "Near": not a valid selector operator',
      'aggregationRule.clusterRoleSelectors[0]: Invalid value: null: invalid label selector.',
    ],
  ],
  [
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'x' },
      addressType: 'IPv4',
      endpoints: [],
      ports: [{ name: 'p', protocol: '' }],
    },
    ['ports[0].protocol: Unsupported value: "": supported values: "SCTP", "TCP", "UDP"'],
  ],
  [
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingAdmissionPolicy',
      metadata: { name: 'x' },
      spec: {
        reinvocationPolicy: 'Never',
        matchConstraints: {
          resourceRules: [{ operations: ['DELETE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
        },
        mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: ' ' } }],
      },
    },
    [
      'spec.matchConstraints.resourceRules.operations: Unsupported value: "DELETE": supported values: "*", "CONNECT", "CREATE", "UPDATE"',
      'spec.mutations[0].jsonPatch.expression: Required value',
    ],
  ],
  [
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: 'x' },
      spec: {
        matchConstraints: {
          resourceRules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
        },
        variables: [{ name: 'loop', expression: '1' }],
        validations: [{ expression: 'variables.a' }],
        auditAnnotations: [{ key: 'a/b', valueExpression: "'v'" }],
      },
    },
    [
      'spec.variables[0].name: Invalid value: "loop": must be a valid CEL identifier',
      'spec.validations[0].expression: Invalid value: "variables.a": compilation failed: ERROR: <input>:1:10: undefined field \'a\'\n | variables.a\n | .........^',
      "spec.auditAnnotations[0].key: Invalid value: \"x/a/b\": a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
    ],
  ],
  [
    {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: 'x' },
      spec: {
        selector: { matchLabels: { a: 'b' } },
        updateStrategy: { type: 'No' },
        template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
      },
    },
    [
      'spec.updateStrategy: Unsupported value: {"Type":"No","RollingUpdate":null}: supported values: "RollingUpdate", "OnDelete"',
    ],
  ],
  [
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'ServiceCIDR',
      metadata: { name: 'x' },
      spec: { cidrs: ['10.0.0.0/24', '10.1.0.0/24', 'fd00::/64'] },
    },
    ['spec.cidrs: Invalid value: {"CIDRs":["10.0.0.0/24","10.1.0.0/24","fd00::/64"]}: may only hold up to 2 values'],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'x' },
      spec: { podCIDRs: ['bad', '10.1.0.0/24'] },
    },
    [
      'spec.podCIDRs[0]: Invalid value: "bad": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
      'spec.podCIDRs: Internal error: invalid PodCIDRs. failed to check with dual stack with error:invalid CIDR[0]: <nil> (invalid CIDR address: bad)',
      'spec.podCIDRs: Invalid value: ["bad","10.1.0.0/24"]: may specify no more than one CIDR for each IP family',
    ],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a', ownerReferences: [{ apiVersion: 'a/b/c', kind: 'x', name: 'y', uid: 'z' }] },
    },
    ['metadata.ownerReferences.apiVersion: Invalid value: "a/b/c": version must not be empty'],
  ],
  [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'q' },
      spec: { containers: [{ name: 'c', image: 'i' }], volumes: [{ name: 'v', image: { reference: '' } }] },
    },
    ['spec.volumes[0].image.reference: Required value'],
  ],
]
