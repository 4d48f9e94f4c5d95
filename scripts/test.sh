#!/usr/bin/env bash
# Everything CI runs, in the order in which cheap failures come first. Installs and starts what it needs; brings its own data
# folders, ports, networks and labels and removes them.
#   scripts/test.sh [unit|engine|e2e]
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/stages.sh

export CCACHE_BASEDIR=${CCACHE_BASEDIR:-$(dirname "$PWD")} CCACHE_NOHASHDIR=1
export LSAN_OPTIONS=suppressions=$PWD/tests/lsan.supp:print_suppressions=0
# As in deps.sh: Node.js does not look into the host's list of authorities by itself.
export NODE_EXTRA_CA_CERTS=${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}
only=${1:-all}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/sigil
base_images=$cache/base-images.map

is_wanted() { [ "$only" = all ] || [ "$only" = "$1" ]; }
configure() { cmake --preset "$1" >/dev/null; }
run_label() { # PRESET LABEL JOBS [CTEST-OPTION…]
  ctest --test-dir "build/$1" --label-regex "^$2\$" --output-on-failure --no-tests=error --parallel "$3" "${@:4}"
}

stage "packages" scripts/packages.sh build run engine test
stage "pinned sources and runtimes" scripts/deps.sh runtimes
stage "walls and habits" python3 tests/tidy/tidy_test.py
stage "formatter" scripts/tidy.py --format

if is_wanted unit || is_wanted engine; then
  stage "configure (dev)" configure dev
  stage "build with address and undefined-behaviour sanitizers" cmake --build --preset dev
fi
if is_wanted unit; then
  stage "unit tests" run_label dev unit 2
  stage "PostgreSQL tests" run_label dev postgres 1 --label-exclude engine
fi
if is_wanted engine || is_wanted e2e; then
  stage "container engine" scripts/engine.sh
  stage "base images" scripts/base-images.sh "$base_images"
  export SIGIL_BASE_IMAGES_FILE=$base_images
fi
if is_wanted engine; then
  stage "engine tests" run_label dev engine 1
fi
if is_wanted e2e; then
  # The quick preset: the programs of the release preset take ten minutes more to build on two cores.
  stage "configure (quick)" configure quick
  stage "build the programs" cmake --build --preset quick --target programs
  stage "end-to-end tests" python3 tests/e2e/run.py --build build/quick
fi
print_longest_stages
