#!/usr/bin/env bash
# Every bench, one command: ratios against a peer in the same run. Needs the packages of `make bench`.
set -euo pipefail
cd "$(dirname "$0")/../.."
export CCACHE_BASEDIR=${CCACHE_BASEDIR:-$(dirname "$PWD")} CCACHE_NOHASHDIR=1
scripts/packages.sh build run engine
scripts/deps.sh runtimes
scripts/engine.sh
scripts/base-images.sh "${XDG_CACHE_HOME:-$HOME/.cache}/sigil/base-images.map"
cmake --preset release >/dev/null
cmake --build --preset release --target programs
for bench in tests/bench/*.py; do python3 "$bench"; done
for bench in tests/bench/*.sh; do [ "$(basename "$bench")" = run.sh ] || bash "$bench"; done
