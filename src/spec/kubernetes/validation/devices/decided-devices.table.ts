/** Requests about devices, with what a kube-apiserver 1.36.3 said of them; nothing where it took them. */
type Json = Readonly<Record<string, unknown>>

export const decidedDevices: readonly (readonly [object: Json, messages: readonly string[]])[] = [
  [{ apiVersion: 'resource.k8s.io/v1', kind: 'DeviceClass', metadata: { name: 'c' }, spec: {} }, []],
  [
    { apiVersion: 'resource.k8s.io/v1', kind: 'DeviceClass', metadata: { name: 'Bad_' }, spec: {} },
    [
      "metadata.name: Invalid value: \"Bad_\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'DeviceClass',
      metadata: { name: 'c' },
      spec: { selectors: [{ cel: { expression: 'true' } }] },
    },
    [],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'DeviceClass',
      metadata: { name: 'c' },
      spec: { selectors: [{ cel: { expression: '1' } }] },
    },
    ['spec.selectors[0].cel.expression: Invalid value: "1": must evaluate to bool or the unknown type, not int'],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'DeviceClass',
      metadata: { name: 'c' },
      spec: { selectors: [{ cel: { expression: 'device.driver' } }] },
    },
    [
      'spec.selectors[0].cel.expression: Invalid value: "device.driver": must evaluate to bool or the unknown type, not string',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'DeviceClass',
      metadata: { name: 'c' },
      spec: { selectors: [{ cel: { expression: 'device.attributes["d"].x' } }] },
    },
    [],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'DeviceClass',
      metadata: { name: 'c' },
      spec: { selectors: [{ cel: { expression: 'device.foo == 1' } }] },
    },
    [
      'spec.selectors[0].cel.expression: Invalid value: "device.foo == 1": compilation failed: ERROR: <input>:1:7: undefined field \'foo\'\n | device.foo == 1\n | ......^',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'DeviceClass',
      metadata: { name: 'c' },
      spec: { selectors: [{ cel: { expression: 'unknown' } }] },
    },
    [
      "spec.selectors[0].cel.expression: Invalid value: \"unknown\": compilation failed: ERROR: <input>:1:1: undeclared reference to 'unknown' (in container '')\n | unknown\n | ^",
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'DeviceClass',
      metadata: { name: 'c' },
      spec: {
        selectors: [
          {
            cel: {
              expression:
                'device.attributes["dra"].x.matches("a") && device.capacity["a"].b.compareTo(quantity("1")) > 0',
            },
          },
        ],
      },
    },
    [],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'DeviceClass',
      metadata: { name: 'c' },
      spec: {
        selectors: [
          {
            cel: {
              expression:
                'device.attributes.all(a, device.attributes.all(b, device.attributes.all(c, device.attributes.all(d, device.attributes.all(e, true)))))',
            },
          },
        ],
      },
    },
    ['spec.selectors[0].cel.expression: Forbidden: too complex, exceeds cost limit'],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'DeviceClass',
      metadata: { name: 'c' },
      spec: {
        selectors: [
          {
            cel: {
              expression: 'device.attributes["x"].all(a, device.attributes.all(b, device.attributes.all(c, a == b)))',
            },
          },
        ],
      },
    },
    [],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'DeviceClass',
      metadata: { name: 'c' },
      spec: { selectors: [{ cel: { expression: 'semver(device.driver).isGreaterThan(semver("1.0.0"))' } }] },
    },
    [],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'DeviceClass',
      metadata: { name: 'c' },
      spec: { selectors: [{ cel: { expression: 'device.allowMultipleAllocations' } }] },
    },
    [],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'DeviceClass',
      metadata: { name: 'c' },
      spec: { selectors: [{ cel: { expression: '[1,2].map(x, x)' } }] },
    },
    [
      'spec.selectors[0].cel.expression: Invalid value: "[1,2].map(x, x)": must evaluate to bool or the unknown type, not list(int)',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'DeviceClass',
      metadata: { name: 'c' },
      spec: { selectors: [{ cel: { expression: '"a"' } }] },
    },
    [
      'spec.selectors[0].cel.expression: Invalid value: "\\"a\\"": must evaluate to bool or the unknown type, not string',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'DeviceClass',
      metadata: { name: 'c' },
      spec: { selectors: [{ cel: { expression: '{"a":1}' } }] },
    },
    [
      'spec.selectors[0].cel.expression: Invalid value: "{\\"a\\":1}": must evaluate to bool or the unknown type, not map(string, int)',
    ],
  ],
  [
    { apiVersion: 'resource.k8s.io/v1', kind: 'DeviceClass', metadata: { name: 'c' }, spec: { selectors: [{}] } },
    ['spec.selectors[0].cel: Required value'],
  ],
  [
    { apiVersion: 'resource.k8s.io/v1', kind: 'DeviceClass', metadata: { name: 'c' }, spec: { config: [{}] } },
    ['spec.config[0].opaque: Required value'],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'DeviceClass',
      metadata: { name: 'c' },
      spec: { config: [{ opaque: {} }] },
    },
    ['spec.config[0].opaque.driver: Required value', 'spec.config[0].opaque.parameters: Required value'],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'DeviceClass',
      metadata: { name: 'c' },
      spec: { config: [{ opaque: { driver: 'Bad_', parameters: [] } }] },
    },
    [
      "spec.config[0].opaque.driver: Invalid value: \"Bad_\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
      'spec.config[0].opaque.parameters: Invalid value: "<value omitted>": must be a valid JSON object',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'DeviceClass',
      metadata: { name: 'c' },
      spec: {
        config: [
          { opaque: { driver: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', parameters: 'a' } },
        ],
      },
    },
    [
      'spec.config[0].opaque.driver: Too long: may not be more than 63 bytes',
      'spec.config[0].opaque.parameters: Invalid value: "<value omitted>": must be a valid JSON object',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'DeviceClass',
      metadata: { name: 'c' },
      spec: { config: [{ opaque: { driver: 'ok', parameters: null } }] },
    },
    ['spec.config[0].opaque.parameters: Required value'],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'DeviceClass',
      metadata: { name: 'c' },
      spec: {
        config: [
          {},
          {},
          {},
          {},
          {},
          {},
          {},
          {},
          {},
          {},
          {},
          {},
          {},
          {},
          {},
          {},
          {},
          {},
          {},
          {},
          {},
          {},
          {},
          {},
          {},
          {},
          {},
          {},
          {},
          {},
          {},
          {},
          {},
        ],
      },
    },
    ['spec.config: Too many: 33: must have at most 32 items'],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'DeviceClass',
      metadata: { name: 'c' },
      spec: { extendedResourceName: 'bad' },
    },
    ['spec.extendedResourceName: Invalid value: "bad": must be a valid extended resource name'],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'DeviceClass',
      metadata: { name: 'c' },
      spec: { extendedResourceName: 'example.com/gpu' },
    },
    [],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'DeviceClass',
      metadata: { name: 'c' },
      spec: { extendedResourceName: 'kubernetes.io/gpu' },
    },
    ['spec.extendedResourceName: Invalid value: "kubernetes.io/gpu": must be a valid extended resource name'],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'DeviceClass',
      metadata: { name: 'c' },
      spec: { extendedResourceName: '' },
    },
    ['spec.extendedResourceName: Invalid value: "": must be a valid extended resource name'],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'DeviceClass',
      metadata: { name: 'c' },
      spec: { extendedResourceName: 'a b/c' },
    },
    ['spec.extendedResourceName: Invalid value: "a b/c": must be a valid extended resource name'],
  ],
  [{ apiVersion: 'resource.k8s.io/v1', kind: 'ResourceClaim', metadata: { name: 'c' }, spec: { devices: {} } }, []],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaim',
      metadata: { name: 'c' },
      spec: { devices: { requests: [{}] } },
    },
    [
      "spec.devices.requests[0].name: Invalid value: \"\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
      'spec.devices.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaim',
      metadata: { name: 'c' },
      spec: { devices: { requests: [{ name: 'r' }] } },
    },
    ['spec.devices.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required'],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaim',
      metadata: { name: 'c' },
      spec: { devices: { requests: [{ name: 'R', exactly: {} }] } },
    },
    [
      "spec.devices.requests[0].name: Invalid value: \"R\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
      'spec.devices.requests[0].exactly.deviceClassName: Required value',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaim',
      metadata: { name: 'c' },
      spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'x' } }] } },
    },
    [],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaim',
      metadata: { name: 'c' },
      spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: '' } }] } },
    },
    ['spec.devices.requests[0].exactly.deviceClassName: Required value'],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaim',
      metadata: { name: 'c' },
      spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'Bad_' } }] } },
    },
    [
      "spec.devices.requests[0].exactly.deviceClassName: Invalid value: \"Bad_\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaim',
      metadata: { name: 'c' },
      spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'x', allocationMode: 'x' } }] } },
    },
    ['spec.devices.requests[0].exactly.allocationMode: Unsupported value: "x": supported values: "All", "ExactCount"'],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaim',
      metadata: { name: 'c' },
      spec: {
        devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'x', allocationMode: 'All', count: 2 } }] },
      },
    },
    ["spec.devices.requests[0].exactly.count: Invalid value: 2: must not be specified when allocationMode is 'All'"],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaim',
      metadata: { name: 'c' },
      spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'x', count: -1 } }] } },
    },
    ['spec.devices.requests[0].exactly.count: Invalid value: -1: must be greater than zero'],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaim',
      metadata: { name: 'c' },
      spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'x', count: 0 } }] } },
    },
    [],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaim',
      metadata: { name: 'c' },
      spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'x', allocationMode: 'All' } }] } },
    },
    [],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaim',
      metadata: { name: 'c' },
      spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'x', tolerations: [{}] } }] } },
    },
    [],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaim',
      metadata: { name: 'c' },
      spec: {
        devices: {
          requests: [
            {
              name: 'r',
              exactly: {
                deviceClassName: 'x',
                tolerations: [{ key: 'a b', operator: 'Exists', value: 'x', effect: 'y' }],
              },
            },
          ],
        },
      },
    },
    [
      "spec.devices.requests[0].exactly.tolerations[0].key: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
      'spec.devices.requests[0].exactly.tolerations[0].value: Invalid value: "x": must be empty for operator `Exists`',
      'spec.devices.requests[0].exactly.tolerations[0].effect: Unsupported value: "y": supported values: "NoExecute", "NoSchedule", "None"',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaim',
      metadata: { name: 'c' },
      spec: {
        devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'x', tolerations: [{ operator: 'Foo' }] } }] },
      },
    },
    [
      'spec.devices.requests[0].exactly.tolerations[0].operator: Unsupported value: "Foo": supported values: "Equal", "Exists"',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaim',
      metadata: { name: 'c' },
      spec: {
        devices: {
          requests: [
            { name: 'r', exactly: { deviceClassName: 'x', tolerations: [{ operator: 'Equal', value: 'a b' }] } },
          ],
        },
      },
    },
    [
      "spec.devices.requests[0].exactly.tolerations[0].value: Invalid value: \"a b\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaim',
      metadata: { name: 'c' },
      spec: {
        devices: {
          requests: [
            {
              name: 'r',
              exactly: { deviceClassName: 'x', tolerations: [{ operator: 'Exists', effect: 'PreferNoSchedule' }] },
            },
          ],
        },
      },
    },
    [
      'spec.devices.requests[0].exactly.tolerations[0].effect: Unsupported value: "PreferNoSchedule": supported values: "NoExecute", "NoSchedule", "None"',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaim',
      metadata: { name: 'c' },
      spec: {
        devices: {
          requests: [
            { name: 'r', exactly: { deviceClassName: 'x', tolerations: [{ operator: 'Exists', effect: 'None' }] } },
          ],
        },
      },
    },
    [],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaim',
      metadata: { name: 'c' },
      spec: {
        devices: {
          requests: [{ name: 'r', exactly: { deviceClassName: 'x', selectors: [{ cel: { expression: 'x' } }] } }],
        },
      },
    },
    [
      "spec.devices.requests[0].exactly.selectors[0].cel.expression: Invalid value: \"x\": compilation failed: ERROR: <input>:1:1: undeclared reference to 'x' (in container '')\n | x\n | ^",
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaim',
      metadata: { name: 'c' },
      spec: {
        devices: {
          requests: [
            { name: 'r', exactly: { deviceClassName: 'x' }, firstAvailable: [{ name: 'a', deviceClassName: 'x' }] },
          ],
        },
      },
    },
    [
      'spec.devices.requests[0]: Invalid value: null: exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaim',
      metadata: { name: 'c' },
      spec: {
        devices: {
          requests: [
            {
              name: 'r',
              firstAvailable: [{ name: 'a', deviceClassName: 'x' }, { name: 'a', deviceClassName: 'X' }, {}],
            },
          ],
        },
      },
    },
    [
      "spec.devices.requests[0].firstAvailable[1].deviceClassName: Invalid value: \"X\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
      "spec.devices.requests[0].firstAvailable[2].name: Invalid value: \"\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
      'spec.devices.requests[0].firstAvailable[2].deviceClassName: Required value',
      'spec.devices.requests[0].firstAvailable[1]: Duplicate value: "a"',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaim',
      metadata: { name: 'c' },
      spec: {
        devices: {
          requests: [
            {
              name: 'r',
              firstAvailable: [
                { name: 'a0', deviceClassName: 'x' },
                { name: 'a1', deviceClassName: 'x' },
                { name: 'a2', deviceClassName: 'x' },
                { name: 'a3', deviceClassName: 'x' },
                { name: 'a4', deviceClassName: 'x' },
                { name: 'a5', deviceClassName: 'x' },
                { name: 'a6', deviceClassName: 'x' },
                { name: 'a7', deviceClassName: 'x' },
                { name: 'a8', deviceClassName: 'x' },
              ],
            },
          ],
        },
      },
    },
    ['spec.devices.requests[0].firstAvailable: Too many: 9: must have at most 8 items'],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaim',
      metadata: { name: 'c' },
      spec: {
        devices: {
          requests: [
            { name: 'r', exactly: { deviceClassName: 'x' } },
            { name: 'r', exactly: { deviceClassName: 'x' } },
          ],
        },
      },
    },
    ['spec.devices.requests[1]: Duplicate value: "r"'],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaim',
      metadata: { name: 'c' },
      spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'x' } }], constraints: [{}] } },
    },
    [
      'spec.devices.constraints[0]: Required value: exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaim',
      metadata: { name: 'c' },
      spec: {
        devices: {
          requests: [{ name: 'r', exactly: { deviceClassName: 'x' } }],
          constraints: [{ requests: ['x', 'r', 'r', 'a/b/c', 'r/b', ''], matchAttribute: 'foo' }],
        },
      },
    },
    [
      'spec.devices.constraints[0].requests[0]: Invalid value: "x": must be the name of a request in the claim or the name of a request and a subrequest separated by \'/\'',
      'spec.devices.constraints[0].requests[3]: Invalid value: "a/b/c": must be the name of a request in the claim or the name of a request and a subrequest separated by \'/\'',
      'spec.devices.constraints[0].requests[4]: Invalid value: "r/b": must be the name of a request in the claim or the name of a request and a subrequest separated by \'/\'',
      "spec.devices.constraints[0].requests[5]: Invalid value: \"\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
      'spec.devices.constraints[0].requests[5]: Invalid value: "": must be the name of a request in the claim or the name of a request and a subrequest separated by \'/\'',
      'spec.devices.constraints[0].requests[2]: Duplicate value: "r"',
      'spec.devices.constraints[0].matchAttribute: Invalid value: "foo": a fully qualified name must be a domain and a name separated by a slash',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaim',
      metadata: { name: 'c' },
      spec: {
        devices: {
          constraints: [
            { matchAttribute: 'a/b' },
            { matchAttribute: '/b' },
            { matchAttribute: 'a/' },
            { matchAttribute: 'A_/1b' },
            { matchAttribute: 'a/b/c' },
            { matchAttribute: '' },
            { matchAttribute: 'a.b/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' },
          ],
        },
      },
    },
    [
      'spec.devices.constraints[1].matchAttribute: Invalid value: "": the domain must not be empty',
      'spec.devices.constraints[2].matchAttribute: Invalid value: "": the name must not be empty',
      "spec.devices.constraints[3].matchAttribute: Invalid value: \"A_\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
      "spec.devices.constraints[3].matchAttribute: Invalid value: \"1b\": a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')",
      "spec.devices.constraints[5].matchAttribute: Invalid value: \"\": a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')",
      'spec.devices.constraints[5].matchAttribute: Invalid value: "": a fully qualified name must be a domain and a name separated by a slash',
      'spec.devices.constraints[6].matchAttribute: Too long: may not be more than 32 bytes',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaim',
      metadata: { name: 'c' },
      spec: {
        devices: {
          constraints: [
            { distinctAttribute: 'a' },
            { distinctAttribute: 'a/b', matchAttribute: 'x' },
            { matchAttribute: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx/a' },
          ],
        },
      },
    },
    [
      'spec.devices.constraints[0].distinctAttribute: Invalid value: "a": a fully qualified name must be a domain and a name separated by a slash',
      'spec.devices.constraints[1].matchAttribute: Invalid value: "x": a fully qualified name must be a domain and a name separated by a slash',
      'spec.devices.constraints[2].matchAttribute: Too long: may not be more than 63 bytes',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaim',
      metadata: { name: 'c' },
      spec: {
        devices: {
          config: [
            {},
            {},
            {},
            {},
            {},
            {},
            {},
            {},
            {},
            {},
            {},
            {},
            {},
            {},
            {},
            {},
            {},
            {},
            {},
            {},
            {},
            {},
            {},
            {},
            {},
            {},
            {},
            {},
            {},
            {},
            {},
            {},
            {},
          ],
        },
      },
    },
    ['spec.devices.config: Too many: 33: must have at most 32 items'],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaim',
      metadata: { name: 'c' },
      spec: { devices: { config: [{}, { requests: ['r'], opaque: { driver: 'a', parameters: {} } }] } },
    },
    [
      'spec.devices.config[0].opaque: Required value',
      'spec.devices.config[1].requests[0]: Invalid value: "r": must be the name of a request in the claim or the name of a request and a subrequest separated by \'/\'',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaim',
      metadata: { name: 'c' },
      spec: {
        devices: {
          config: [
            {
              requests: [
                'r0',
                'r1',
                'r2',
                'r3',
                'r4',
                'r5',
                'r6',
                'r7',
                'r8',
                'r9',
                'r10',
                'r11',
                'r12',
                'r13',
                'r14',
                'r15',
                'r16',
                'r17',
                'r18',
                'r19',
                'r20',
                'r21',
                'r22',
                'r23',
                'r24',
                'r25',
                'r26',
                'r27',
                'r28',
                'r29',
                'r30',
                'r31',
                'r32',
              ],
              opaque: { driver: '', parameters: 1 },
            },
          ],
        },
      },
    },
    [
      'spec.devices.config[0].requests: Too many: 33: must have at most 32 items',
      'spec.devices.config[0].opaque.driver: Required value',
      'spec.devices.config[0].opaque.parameters: Invalid value: "<value omitted>": must be a valid JSON object',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaim',
      metadata: { name: 'c' },
      spec: {
        devices: {
          requests: [{ name: 'r', firstAvailable: [{ name: 'a', deviceClassName: 'x' }] }],
          config: [{ requests: ['r/a', 'r', 'r/b'], opaque: { driver: 'a', parameters: {} } }],
        },
      },
    },
    [
      'spec.devices.config[0].requests[2]: Invalid value: "r/b": must be the name of a request in the claim or the name of a request and a subrequest separated by \'/\'',
    ],
  ],
  [{ apiVersion: 'resource.k8s.io/v1', kind: 'ResourceClaimTemplate', metadata: { name: 'c' }, spec: {} }, []],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaimTemplate',
      metadata: { name: 'c' },
      spec: {
        metadata: {
          name: 'x',
          labels: { 'a b': 'c' },
          annotations: { 'c d': '' },
          finalizers: ['a'],
          ownerReferences: [{ apiVersion: 'v1', kind: 'a', name: 'b', uid: 'c' }],
        },
        spec: { devices: { requests: [{}] } },
      },
    },
    [
      "spec.metadata.annotations: Invalid value: \"c d\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
      "spec.metadata.labels: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
      'spec.metadata.name: Forbidden: cannot be set',
      'spec.metadata.ownerReferences: Forbidden: cannot be set',
      'spec.metadata.finalizers: Forbidden: cannot be set',
      "spec.spec.devices.requests[0].name: Invalid value: \"\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
      'spec.spec.devices.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaimTemplate',
      metadata: { name: 'c' },
      spec: {
        metadata: {
          namespace: 'a',
          uid: 'b',
          generateName: 'c',
          resourceVersion: '1',
          generation: 3,
          deletionGracePeriodSeconds: 3,
          creationTimestamp: '2020-01-01T00:00:00Z',
        },
        spec: {},
      },
    },
    [
      'spec.metadata.generateName: Forbidden: cannot be set',
      'spec.metadata.namespace: Forbidden: cannot be set',
      'spec.metadata.uID: Forbidden: cannot be set',
      'spec.metadata.resourceVersion: Forbidden: cannot be set',
      'spec.metadata.generation: Forbidden: cannot be set',
      'spec.metadata.creationTimestamp: Forbidden: cannot be set',
      'spec.metadata.deletionGracePeriodSeconds: Forbidden: cannot be set',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: { driver: 'd.example.com', pool: { name: 'p', generation: 1, resourceSliceCount: 1 }, nodeName: 'n' },
    },
    [],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: { driver: '', pool: { name: 'p', generation: 1, resourceSliceCount: 1 }, nodeName: 'n' },
    },
    ['spec.driver: Required value'],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: { driver: 'Up.Example', pool: { name: 'p', generation: 1, resourceSliceCount: 1 }, nodeName: 'n' },
    },
    [],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: { driver: 'a_b', pool: { name: 'p', generation: 1, resourceSliceCount: 1 }, nodeName: 'n' },
    },
    [
      "spec.driver: Invalid value: \"a_b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: { driver: 'd.example.com', pool: { name: '', generation: -1, resourceSliceCount: 0 }, nodeName: 'n' },
    },
    [
      'spec.pool.name: Required value',
      'spec.pool.resourceSliceCount: Invalid value: 0: must be greater than zero',
      'spec.pool.generation: Invalid value: -1: must be greater than or equal to zero',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: { driver: 'd.example.com', pool: { name: 'a//B/c', generation: 0, resourceSliceCount: 1 }, nodeName: 'n' },
    },
    [
      "spec.pool.name: Invalid value: \"\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
      "spec.pool.name: Invalid value: \"B\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: {
          name: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
          generation: 0,
          resourceSliceCount: 1,
        },
        nodeName: 'n',
      },
    },
    [
      'spec.pool.name: Too long: may not be more than 253 bytes',
      'spec.pool.name: Invalid value: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx": must be no more than 253 characters',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: { driver: 'd.example.com', pool: { name: 'p', generation: 1, resourceSliceCount: 1 }, nodeName: null },
    },
    [
      'spec: Required value: exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: { driver: 'd.example.com', pool: { name: 'p', generation: 1, resourceSliceCount: 1 }, nodeName: '' },
    },
    [
      'spec.nodeName: Invalid value: "": must be either unset or set to a non-empty string',
      'spec: Required value: exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: { driver: 'd.example.com', pool: { name: 'p', generation: 1, resourceSliceCount: 1 }, nodeName: 'Bad_' },
    },
    [
      "spec.nodeName: Invalid value: \"Bad_\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        allNodes: true,
      },
    },
    [
      'spec: Invalid value: "{`nodeName`, `allNodes`}": exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required, but multiple fields are set',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        allNodes: false,
      },
    },
    ['spec.allNodes: Invalid value: false: must be either unset or set to true'],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: null,
        allNodes: false,
      },
    },
    [
      'spec.allNodes: Invalid value: false: must be either unset or set to true',
      'spec: Required value: exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: null,
        perDeviceNodeSelection: false,
      },
    },
    [
      'spec.perDeviceNodeSelection: Invalid value: false: must be either unset or set to true',
      'spec: Required value: exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: null,
        nodeSelector: {},
      },
    },
    [
      'spec.nodeSelector.nodeSelectorTerms: Required value: must have at least one node selector term',
      'spec.nodeSelector.nodeSelectorTerms: Invalid value: null: must have exactly one node selector term',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: null,
        nodeSelector: { nodeSelectorTerms: [] },
      },
    },
    [
      'spec.nodeSelector.nodeSelectorTerms: Required value: must have at least one node selector term',
      'spec.nodeSelector.nodeSelectorTerms: Invalid value: []: must have exactly one node selector term',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: null,
        nodeSelector: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: 'a', operator: 'Exists' }] },
            { matchFields: [{ key: 'a', operator: 'In', values: ['a'] }] },
          ],
        },
      },
    },
    [
      'spec.nodeSelector.nodeSelectorTerms[1].matchFields[0].key: Invalid value: "a": not a valid field selector key',
      'spec.nodeSelector.nodeSelectorTerms: Invalid value: [{"MatchExpressions":[{"Key":"a","Operator":"Exists","Values":null}],"MatchFields":null},{"MatchExpressions":null,"MatchFields":[{"Key":"a","Operator":"In","Values":["a"]}]}]: must have exactly one node selector term',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        nodeSelector: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Foo' }] }] },
        allNodes: true,
        perDeviceNodeSelection: true,
      },
    },
    [
      'spec.nodeSelector.nodeSelectorTerms[0].matchExpressions[0].operator: Invalid value: "Foo": not a valid selector operator',
      'spec: Invalid value: "{`nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection`}": exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required, but multiple fields are set',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [{ name: 'a' }],
        sharedCounters: [{ name: 'c', counters: { a: { value: '1' } } }],
      },
    },
    ['spec: Invalid value: "": only one of `sharedCounters` or `devices` is allowed'],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        sharedCounters: [{}, { name: 'c', counters: {} }, { name: 'c', counters: { A_: { value: '1' } } }],
      },
    },
    [
      'spec.sharedCounters[0].name: Required value',
      'spec.sharedCounters[0].counters: Required value',
      'spec.sharedCounters[1].counters: Required value',
      "spec.sharedCounters[2].counters: Invalid value: \"A_\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
      'spec.sharedCounters[2]: Duplicate value: "c"',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        sharedCounters: [
          { name: 'c0', counters: { a: { value: '1' } } },
          { name: 'c1', counters: { a: { value: '1' } } },
          { name: 'c2', counters: { a: { value: '1' } } },
          { name: 'c3', counters: { a: { value: '1' } } },
          { name: 'c4', counters: { a: { value: '1' } } },
          { name: 'c5', counters: { a: { value: '1' } } },
          { name: 'c6', counters: { a: { value: '1' } } },
          { name: 'c7', counters: { a: { value: '1' } } },
          { name: 'c8', counters: { a: { value: '1' } } },
        ],
      },
    },
    ['spec.sharedCounters: Too many: 9: must have at most 8 items'],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [{}, { name: 'a' }, { name: 'a' }],
      },
    },
    [
      "spec.devices[0].name: Invalid value: \"\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
      'spec.devices[2]: Duplicate value: "a"',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [{ name: 'a', attributes: { a: {} } }],
      },
    },
    ['spec.devices[0].attributes[a]: Invalid value: "": exactly one value must be specified'],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [{ name: 'a', attributes: { a: { int: 1, bool: true } } }],
      },
    },
    [
      'spec.devices[0].attributes[a]: Invalid value: {"IntValue":1,"BoolValue":true,"StringValue":null,"VersionValue":null,"IntValues":null,"BoolValues":null,"StringValues":null,"VersionValues":null}: exactly one value must be specified',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [
          {
            name: 'a',
            attributes: { a: { string: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' } },
          },
        ],
      },
    },
    ['spec.devices[0].attributes[a].string: Too long: may not be more than 64 bytes'],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [{ name: 'a', attributes: { a: { version: '1' } } }],
      },
    },
    [
      'spec.devices[0].attributes[a].version: Invalid value: "1": must be a string compatible with semver.org spec 2.0.0',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [
          {
            name: 'a',
            attributes: { a: { version: '1.2.3-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' } },
          },
        ],
      },
    },
    ['spec.devices[0].attributes[a].version: Too long: may not be more than 64 bytes'],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [{ name: 'a', attributes: { 'a b': { int: 1 } } }],
      },
    },
    [
      "spec.devices[0].attributes: Invalid value: \"a b\": a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')",
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [
          {
            name: 'a',
            attributes: {
              'd/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx':
                {},
            },
          },
        ],
      },
    },
    [
      'spec.devices[0].attributes: Too long: may not be more than 32 bytes',
      'spec.devices[0].attributes[d/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx]: Invalid value: "": exactly one value must be specified',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [{ name: 'a', taints: [{}] }],
      },
    },
    [
      'spec.devices[0].taints[0].key: Invalid value: "": name part must be non-empty',
      "spec.devices[0].taints[0].key: Invalid value: \"\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
      'spec.devices[0].taints[0].effect: Required value',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [{ name: 'a', taints: [{ key: 'a', value: 'a b', effect: 'x' }] }],
      },
    },
    [
      "spec.devices[0].taints[0].value: Invalid value: \"a b\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
      'spec.devices[0].taints[0].effect: Unsupported value: "x": supported values: "NoExecute", "NoSchedule", "None"',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [{ name: 'a', consumesCounters: [{}] }],
      },
    },
    [
      'spec.devices[0].consumesCounters[0].counterSet: Required value',
      'spec.devices[0].consumesCounters[0].counters: Required value',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [
          {
            name: 'a',
            consumesCounters: [
              { counterSet: 'a0', counters: { a: { value: '1' } } },
              { counterSet: 'a1', counters: { a: { value: '1' } } },
              { counterSet: 'a2', counters: { a: { value: '1' } } },
            ],
          },
        ],
      },
    },
    ['spec.devices[0].consumesCounters: Too many: 3: must have at most 2 items'],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [
          {
            name: 'a',
            consumesCounters: [
              { counterSet: 'a', counters: { B: { value: '1' } } },
              { counterSet: 'a', counters: {} },
            ],
          },
        ],
      },
    },
    [
      "spec.devices[0].consumesCounters[0].counters: Invalid value: \"B\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
      'spec.devices[0].consumesCounters[1].counters: Required value',
      'spec.devices[0].consumesCounters[1]: Duplicate value: "a"',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [{ name: 'a', nodeName: 'x' }],
      },
    },
    [
      'spec.devices[0]: Invalid value: null: `nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [{ name: 'a', nodeName: '' }],
      },
    },
    [
      'spec.devices[0]: Invalid value: null: `nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: null,
        perDeviceNodeSelection: true,
        devices: [
          { name: 'a' },
          { name: 'b', nodeName: '' },
          { name: 'c', nodeName: 'A_', allNodes: true },
          { name: 'd', allNodes: false },
          { name: 'e', nodeSelector: {}, allNodes: true },
        ],
      },
    },
    [
      'spec.devices[0]: Required value: exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec',
      'spec.devices[1].nodeName: Invalid value: "": must not be empty',
      'spec.devices[1]: Required value: exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec',
      "spec.devices[2].nodeName: Invalid value: \"A_\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
      'spec.devices[2]: Invalid value: "{`nodeName`, `allNodes`}": exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec',
      'spec.devices[3].allNodes: Invalid value: false: must be either unset or set to true',
      'spec.devices[3]: Required value: exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec',
      'spec.devices[4].nodeSelector.nodeSelectorTerms: Required value: must have at least one node selector term',
      'spec.devices[4]: Invalid value: "{`nodeSelector`, `allNodes`}": exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [{ name: 'a', bindingConditions: ['a'] }],
      },
    },
    [
      'spec.devices[0].bindingFailureConditions: Invalid value: null: bindingFailureConditions are required to use bindingConditions',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [{ name: 'a', bindingFailureConditions: ['a'] }],
      },
    },
    [
      'spec.devices[0].bindingConditions: Invalid value: null: bindingConditions are required to use bindingFailureConditions',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [{ name: 'a', bindingConditions: ['a', 'a', 'b c'], bindingFailureConditions: ['a', 'd', 'd'] }],
      },
    },
    [
      "spec.devices[0].bindingConditions[2]: Invalid value: \"b c\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
      'spec.devices[0].bindingConditions[1]: Duplicate value: "a"',
      'spec.devices[0].bindingFailureConditions[0]: Invalid value: "a": bindingFailureConditions must not overlap with bindingConditions',
      'spec.devices[0].bindingFailureConditions[2]: Duplicate value: "d"',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [{ name: 'a', bindingConditions: ['a0', 'a1', 'a2', 'a3', 'a4'], bindingFailureConditions: ['b'] }],
      },
    },
    ['spec.devices[0].bindingConditions: Too many: 5: must have at most 4 items'],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [{ name: 'a', allowMultipleAllocations: true, capacity: { mem: { value: '10', requestPolicy: {} } } }],
      },
    },
    [],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [
          {
            name: 'a',
            allowMultipleAllocations: true,
            capacity: { mem: { value: '10', requestPolicy: { default: '1' } } },
          },
        ],
      },
    },
    [],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [
          {
            name: 'a',
            allowMultipleAllocations: false,
            capacity: { mem: { value: '10', requestPolicy: { default: '1' } } },
          },
        ],
      },
    },
    ['spec.devices[0].capacity[mem].requestPolicy: Forbidden: allowMultipleAllocations must be true'],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [
          {
            name: 'a',
            allowMultipleAllocations: true,
            capacity: { mem: { value: '10', requestPolicy: { validValues: ['1'] } } },
          },
        ],
      },
    },
    ['spec.devices[0].capacity[mem].requestPolicy.default: Required value: required when validValues is defined'],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [
          {
            name: 'a',
            allowMultipleAllocations: true,
            capacity: { mem: { value: '10', requestPolicy: { default: '1', validValues: ['2', '1', '1', '20'] } } },
          },
        ],
      },
    },
    [
      'spec.devices[0].capacity[mem].requestPolicy.validValues[1]: Invalid value: "1": values must be sorted in ascending order',
      'spec.devices[0].capacity[mem].requestPolicy.validValues[3]: Invalid value: "20": option is larger than capacity value: 10',
      'spec.devices[0].capacity[mem].requestPolicy.validValues[2]: Duplicate value: "1"',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [
          {
            name: 'a',
            allowMultipleAllocations: true,
            capacity: { mem: { value: '10', requestPolicy: { default: '3', validValues: ['1', '2'] } } },
          },
        ],
      },
    },
    [
      'spec.devices[0].capacity[mem].requestPolicy.validValues: Invalid value: "3": default value is not valid according to the requestPolicy',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [
          {
            name: 'a',
            allowMultipleAllocations: true,
            capacity: {
              mem: {
                value: '10',
                requestPolicy: { default: '1', validValues: ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11'] },
              },
            },
          },
        ],
      },
    },
    [
      'spec.devices[0].capacity[mem].requestPolicy.validValues: Too many: 11: must have at most 10 items',
      'spec.devices[0].capacity[mem].requestPolicy.validValues: Invalid value: "1": default value is not valid according to the requestPolicy',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [
          {
            name: 'a',
            allowMultipleAllocations: true,
            capacity: { mem: { value: '10', requestPolicy: { validValues: ['1'], validRange: { min: '1' } } } },
          },
        ],
      },
    },
    [
      'spec.devices[0].capacity[mem].requestPolicy: Forbidden: exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [
          {
            name: 'a',
            allowMultipleAllocations: true,
            capacity: { mem: { value: '10', requestPolicy: { validRange: {} } } },
          },
        ],
      },
    },
    ['spec.devices[0].capacity[mem].requestPolicy.default: Required value: required when validRange is defined'],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [
          {
            name: 'a',
            allowMultipleAllocations: true,
            capacity: { mem: { value: '10', requestPolicy: { default: '1', validRange: {} } } },
          },
        ],
      },
    },
    ['spec.devices[0].capacity[mem].requestPolicy.validRange.min: Required value: required when validRange is defined'],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [
          {
            name: 'a',
            allowMultipleAllocations: true,
            capacity: { mem: { value: '10', requestPolicy: { default: '1', validRange: { min: '2' } } } },
          },
        ],
      },
    },
    ['spec.devices[0].capacity[mem].requestPolicy.validRange.min: Invalid value: "1": default is less than min: 2'],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [
          {
            name: 'a',
            allowMultipleAllocations: true,
            capacity: { mem: { value: '10', requestPolicy: { default: '5', validRange: { min: '20', max: '15' } } } },
          },
        ],
      },
    },
    [
      'spec.devices[0].capacity[mem].requestPolicy.validRange.min: Invalid value: "20": min is larger than capacity value: 10',
      'spec.devices[0].capacity[mem].requestPolicy.validRange.min: Invalid value: "5": default is less than min: 20',
      'spec.devices[0].capacity[mem].requestPolicy.validRange.max: Invalid value: "20": min is larger than max: 15',
      'spec.devices[0].capacity[mem].requestPolicy.validRange.max: Invalid value: "15": max is larger than capacity value: 10',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [
          {
            name: 'a',
            allowMultipleAllocations: true,
            capacity: {
              mem: { value: '10', requestPolicy: { default: '9', validRange: { min: '1', max: '8', step: '3' } } },
            },
          },
        ],
      },
    },
    [
      'spec.devices[0].capacity[mem].requestPolicy.validRange.max: Invalid value: "9": default is more than max: 8',
      'spec.devices[0].capacity[mem].requestPolicy.validRange.step: Invalid value: "9": value is not a multiple of a given step (3) from (1)',
      'spec.devices[0].capacity[mem].requestPolicy.validRange.step: Invalid value: "8": value is not a multiple of a given step (3) from (1)',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [
          {
            name: 'a',
            allowMultipleAllocations: true,
            capacity: {
              mem: { value: '10', requestPolicy: { default: '4', validRange: { min: '1', max: '10', step: '3' } } },
            },
          },
        ],
      },
    },
    [],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [
          {
            name: 'a',
            allowMultipleAllocations: true,
            capacity: {
              mem: { value: '10', requestPolicy: { default: '1k', validRange: { min: '1', max: '1Ki', step: '11' } } },
            },
          },
        ],
      },
    },
    [
      'spec.devices[0].capacity[mem].requestPolicy.validRange.max: Invalid value: "1Ki": max is larger than capacity value: 10',
      'spec.devices[0].capacity[mem].requestPolicy.validRange.step: Invalid value: "11": one step 12 is larger than capacity value: 10',
      'spec.devices[0].capacity[mem].requestPolicy.validRange.step: Invalid value: "1k": value is not a multiple of a given step (11) from (1)',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [
          {
            name: 'a',
            allowMultipleAllocations: true,
            capacity: {
              mem: {
                value: '10',
                requestPolicy: { default: '1000m', validRange: { min: '1.5', max: '2000m', step: '0.5' } },
              },
            },
          },
        ],
      },
    },
    ['spec.devices[0].capacity[mem].requestPolicy.validRange.min: Invalid value: "1": default is less than min: 1500m'],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [
          {
            name: 'a',
            allowMultipleAllocations: true,
            capacity: { mem: { value: '10', requestPolicy: { default: '1e1', validValues: ['1', '1.0', '0.2e2'] } } },
          },
        ],
      },
    },
    [
      'spec.devices[0].capacity[mem].requestPolicy.validValues[2]: Invalid value: "20": option is larger than capacity value: 10',
      'spec.devices[0].capacity[mem].requestPolicy.validValues[1]: Duplicate value: "1"',
      'spec.devices[0].capacity[mem].requestPolicy.validValues: Invalid value: "10": default value is not valid according to the requestPolicy',
    ],
  ],
  [
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: {
        driver: 'd.example.com',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [{ name: 'a', capacity: { 'a b': { value: '1' } } }],
      },
    },
    [
      "spec.devices[0].capacity: Invalid value: \"a b\": a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')",
    ],
  ],
]
