#!/usr/bin/env bash
# From a fresh clone to two deployed MCP servers. Run again it is quick and changes nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/stages.sh
. scripts/local.sh
. scripts/services.sh

export CCACHE_BASEDIR=${CCACHE_BASEDIR:-$(dirname "$PWD")} CCACHE_NOHASHDIR=1
map_file=$data_dir/base-images.map
sigil=$programs/sigil

build() {
  cmake --preset release >/dev/null
  cmake --build --preset release --target programs
}

# A running program is replaced by rename, so the old one goes on until it is restarted below.
install_programs() {
  local path name
  mkdir -p "$programs" "$prefix/bin"
  is_changed=no
  for path in build/release/cli/sigil build/release/controlplane/sigild build/release/proxy/sigil-proxy \
    build/release/builder/scan/sigil-scan build/release/builder/sigil-git-credential \
    build/release/runtime/shim/sigil-shim; do
    name=$(basename "$path")
    cmp -s "$path" "$programs/$name" && continue
    install -m 0755 "$path" "$programs/.$name.new"
    mv "$programs/.$name.new" "$programs/$name"
    is_changed=yes
  done
  ln -sfn "$programs/sigil" "$prefix/bin/sigil"
}

prepare() {
  ! is_root || make_users
  prepare_data_dir
}

base_images() { SIGIL_INSTANCE=$(<"$data_dir/instance") scripts/base-images.sh "$map_file"; }

start_sigil() {
  if pid_of "$data_dir/sigild.pid" sigild >/dev/null && [ "$is_changed" = yes ]; then
    echo "    the programs changed: restarting"
    stop_services
  fi
  if pid_of "$data_dir/sigild.pid" sigild >/dev/null; then
    ! is_root || start_proxy
  else
    export SIGIL_BUILDER_BASE_IMAGES
    SIGIL_BUILDER_BASE_IMAGES=$(paste -sd, "$map_file")
    write_environment
    start_services
  fi
  for _ in $(seq 1 300); do
    case $(curl --silent --noproxy '*' --max-time 2 "$front_door/health" || true) in
      *'"ok"'*)
        hand_over_first_key
        return 0
        ;;
    esac
    sleep 0.2
  done
  echo "Sigil did not become healthy; the last lines of $data_dir/log/sigild.log:" >&2
  tail -n 20 "$data_dir/log/sigild.log" >&2
  return 1
}

is_healthy() { "$sigil" deployment show "$1" --output json 2>/dev/null | grep -q '"state": *"healthy"'; }
deploy_once() { # NAME SOURCE ARGUMENT…
  # A deployment that is still coming up after a reboot gets a moment before it is built anew.
  for _ in $(seq 1 50); do
    is_healthy "$1" && return 0
    "$sigil" deployment show "$1" >/dev/null 2>&1 || break
    sleep 0.5
  done
  "$sigil" deploy "${@:2}" --name "$1"
}

show() { # NAME
  echo
  echo "$1"
  "$sigil" deployment show "$1" --output json |
    python3 -c 'import json,sys; print("  URL:        ", json.load(sys.stdin)["endpoint"])'
  "$sigil" tool list "$1" --output json |
    python3 -c 'import json,sys; print("  tools:      ", ", ".join(t["name"] for t in json.load(sys.stdin)["items"]))'
  "$sigil" snippet "$1" --output json | python3 -c '
import json, sys
for item in json.load(sys.stdin)["items"]:
    if item["client"] in ("vscode", "claude-code", "cursor"):
        where = "" if item["language"] == "shell" else " (in %s)" % item["where"]
        print("  %s%s:" % (item["title"], where))
        print("    " + item["text"].rstrip().replace("\n", "\n    "))'
}

is_changed=no
stage "Debian packages" scripts/packages.sh build run engine
stage "pinned sources" scripts/deps.sh
stage "build" build
stage "install into $programs" install_programs
stage "container engine" scripts/engine.sh
stage "users and data directory $data_dir" prepare
stage "base images" base_images
stage "start sigild and sigil-proxy" start_sigil
stage "deploy the sample (tests/samples/hello-notes)" deploy_once hello-notes tests/samples/hello-notes
stage "deploy npm:@modelcontextprotocol/server-everything" deploy_once everything \
  npm:@modelcontextprotocol/server-everything

stage "a key and a configuration for Prometheus" scripts/prometheus.sh "$data_dir/prometheus" "$sigil"

show hello-notes
show everything
echo
echo "Prometheus:  prometheus --config.file=$data_dir/prometheus/prometheus.yml"
echo "Try it:  sigil tool call hello-notes add_note --arg text='Sigil works'"
