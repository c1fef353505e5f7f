/** What each base image is made of. Package names are Debian's. */

export interface BaseRecipe {
  /** References that the image gets. */
  readonly tags: readonly string[]
  readonly packages: readonly string[]
  /** `debian`: a merged-usr tree of packages. `busybox`: one static program with a link for each of its commands. */
  readonly kind: 'busybox' | 'debian' | 'node' | 'hello'
  readonly command: readonly string[]
  /** Written over what packages bring. */
  readonly osRelease?: string
}

export const basePath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Enough of Debian for shells, scripts and programs linked against its C and C++ libraries. */
export const debianPackages: readonly string[] = [
  'base-files',
  'base-passwd',
  'bash',
  'ca-certificates',
  'coreutils',
  'dash',
  'debianutils',
  'diffutils',
  'dpkg',
  'findutils',
  'grep',
  'gzip',
  'hostname',
  'libacl1',
  'libattr1',
  'libaudit1',
  'libaudit-common',
  'libbz2-1.0',
  'libc-bin',
  'libc6',
  'libcap2',
  'libcap-ng0',
  'libcrypt1',
  'libgcc-s1',
  'libgcrypt20',
  'libgmp10',
  'libgpg-error0',
  'liblzma5',
  'libmd0',
  'libpam0g',
  'libpam-modules',
  'libpam-runtime',
  'libpcre2-8-0',
  'libselinux1',
  'libsemanage2',
  'libsepol2',
  'libssl3',
  'libstdc++6',
  'libtinfo6',
  'libuuid1',
  'libblkid1',
  'libmount1',
  'libsmartcols1',
  'libudev1',
  'libsystemd0',
  'liblz4-1',
  'libzstd1',
  'login',
  'mawk',
  'ncurses-base',
  'netbase',
  'openssl',
  'passwd',
  'perl-base',
  'procps',
  'libproc2-0',
  'libncursesw6',
  'sed',
  'tar',
  'tzdata',
  'util-linux',
  'zlib1g',
]

export const baseRecipes: Readonly<Record<string, BaseRecipe>> = {
  busybox: {
    tags: ['busybox:latest'],
    packages: ['busybox-static'],
    kind: 'busybox',
    command: ['sh'],
    osRelease: 'NAME="BusyBox"\nID=busybox\n',
  },
  alpine: {
    tags: ['alpine:latest'],
    packages: ['busybox-static'],
    kind: 'busybox',
    command: ['/bin/sh'],
    osRelease: 'NAME="Alpine Linux"\nID=alpine\nPRETTY_NAME="Alpine-like (busybox of Debian)"\n',
  },
  debian: { tags: ['debian:latest'], packages: debianPackages, kind: 'debian', command: ['bash'] },
  ubuntu: {
    tags: ['ubuntu:latest'],
    packages: debianPackages,
    kind: 'debian',
    command: ['/bin/bash'],
    osRelease: 'NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\nPRETTY_NAME="Ubuntu-like (Debian packages)"\n',
  },
  'hello-world': { tags: ['hello-world:latest'], packages: [], kind: 'hello', command: ['/hello'] },
  node: { tags: [], packages: debianPackages, kind: 'node', command: ['node'] },
}
