# Debian packages that Gantry and its tests use, and how they come onto the machine. Sourced; POSIX sh.

# While this file is there, Debian packages start no services; we remove only what we made.
guard=/usr/sbin/policy-rc.d
made=

# Each line: who needs it, package, how to see that it is there (a program in PATH or a path; | for or), why.
debian_packages() {
  cat <<'TABLE'
product crun crun|runc creates the containers
product conmon conmon|/usr/libexec/podman/conmon holds each container's output and exit code, so that containers outlive the engine
product nftables nft|/usr/lib/x86_64-linux-gnu/libnftables.so.1 publishes ports and separates networks (libnftables)
product iproute2 ip removes network interfaces without holding up the engine
product tar tar unpacks image layers
product ca-certificates /etc/ssl/certs/ca-certificates.crt registries over TLS
product util-linux nsenter enters a private mount namespace where the cgroup layout needs one
product tini tini|docker-init|/usr/bin/tini-static is the init of containers run with --init
test docker.io docker the stock docker client that the tests drive
test busybox-static /bin/busybox the programs of test images
test skopeo skopeo copies images from and to the engine and the registry
test docker-registry docker-registry a foreign registry to push to
test python3-docker /usr/lib/python3/dist-packages/docker/__init__.py a foreign client library
test docker-compose docker-compose runs compose files
test jq jq reads what the clients print
test curl curl fetches what containers serve
test etcd-server etcd the replicated store
test kubernetes-client kubectl the stock kubectl that the tests drive
test python3-kubernetes /usr/lib/python3/dist-packages/kubernetes/__init__.py a foreign client library
test bash-static /bin/bash-static a second static program for images
TABLE
}

# True when one of the alternatives (a|b|/c) is there.
is_there() {
  old_ifs=$IFS
  IFS='|'
  for alternative in $1; do
    IFS=$old_ifs
    case $alternative in
    /*) [ -e "$alternative" ] && return 0 ;;
    *) command -v "$alternative" >/dev/null 2>&1 && return 0 ;;
    esac
  done
  IFS=$old_ifs
  return 1
}

# Prints `package why` for what is missing of a set (product or test); npm only where nothing can run npm.
missing_packages() {
  debian_packages | while read -r set package probe why; do
    [ "$set" = "$1" ] || continue
    is_there "$probe" || printf '%s %s\n' "$package" "$why"
  done
  if [ "$1" = product ] && ! node_packages_ready && ! command -v npm >/dev/null 2>&1; then
    printf 'nodejs runs npm, which brings the Node that Gantry itself uses\nnpm brings the npm packages\n'
  fi
}

# install_debian_packages SET COMMAND: installs what is missing, or says what to do. Only commands that run containers fail for it.
install_debian_packages() {
  missing=$(missing_packages "$1")
  [ -z "$missing" ] && return 0
  names=$(printf '%s\n' "$missing" | cut -d' ' -f1 | tr '\n' ' ')
  say "Debian packages that are missing:"
  printf '%s\n' "$missing" | sed 's/^\([^ ]*\) \(.*\)$/  \1: \2/' >&2
  if [ -n "${GANTRY_NO_INSTALL:-}" ]; then
    say "GANTRY_NO_INSTALL is set. To install them, as root: apt-get install $names"
    return 1
  fi
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    say "they cannot be installed from here ($([ "$(id -u)" = 0 ] && echo 'there is no apt-get' || echo 'not root')). As root: apt-get install $names"
    case $2:$names in
    *npm*) return 1 ;;
    engine:* | up:* | demo:*) return 1 ;;
    esac
    return 0
  fi
  apt_install $names && return 0
  say "apt-get could not install $names:"
  tail -n 8 "$root/.cache/apt.log" >&2
  [ "$1" = test ] && return 0
  return 1
}

# Installs without asking, and without starting the services that some packages bring.
apt_install() {
  say "installing $*"
  made=
  if [ ! -e "$guard" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$guard" && chmod +x "$guard" && made=yes
  fi
  apt_once "$@" || { apt-get update -qq >>"$root/.cache/apt.log" 2>&1 && apt_once "$@"; } || apt_each "$@"
  installed=$?
  release_guard
  return $installed
}

release_guard() {
  [ -n "$made" ] && rm -f "$guard"
  made=
}

apt_once() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >"$root/.cache/apt.log" 2>&1 </dev/null
}

# One that no archive has must not keep the others away.
apt_each() {
  each_ok=0
  for one in "$@"; do
    apt_once "$one" || each_ok=1
  done
  return $each_ok
}
