/** Facts of the machine that do not change while the program runs. */

export interface Machine {
  readonly hostname: string
  /** As `uname -r` and `uname -m` print them. */
  readonly kernelRelease: string
  readonly kernelVersion: string
  readonly architecture: string
  /** OCI names: linux and amd64, arm64, … */
  readonly os: 'linux'
  readonly ociArchitecture: string
  readonly cpuCount: number
  readonly memoryBytes: number
}
