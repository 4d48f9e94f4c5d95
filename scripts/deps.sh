#!/usr/bin/env bash
# The few sources Debian has no package of: pinned by version and sha256, fetched by their registry's own client, kept in a
# cache outside the tree. SIGIL_DEPS_OFFLINE=DIR takes the archives from a folder instead. Prints nothing when all is there.
set -euo pipefail

cache=${SIGIL_DEPS_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/sigil/deps}
mkdir -p "$cache"

# The HTTP parser of Node.js as generated C; the archive of httptools carries it unchanged, with its licence.
llhttp_archive=httptools-0.9.0.tar.gz
llhttp_sha256=d484ebb7e3a3f3597b0f645fbd1b85633674ca808c1f5ba11c2caf7c66f5c8b6

fetch_pypi_source() { # NAME VERSION FILE
  if [ -n "${SIGIL_DEPS_OFFLINE:-}" ]; then
    cp "$SIGIL_DEPS_OFFLINE/$3" "$cache/$3"
  else
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --no-binary :all: \
      --dest "$cache" "$1==$2"
  fi
}

if [ ! -f "$cache/llhttp-9.4.3/llhttp.c" ]; then
  [ -f "$cache/$llhttp_archive" ] || fetch_pypi_source httptools 0.9.0 "$llhttp_archive"
  echo "$llhttp_sha256  $cache/$llhttp_archive" | sha256sum --check --quiet
  scratch=$(mktemp -d "$cache/unpack.XXXXXX")
  tar -xzf "$cache/$llhttp_archive" -C "$scratch"
  source_dir=$(dirname "$(find "$scratch" -path '*vendor/llhttp*' -name llhttp.h | head -1)")
  root=$(dirname "$source_dir")
  [ "$(basename "$source_dir")" = include ] || root=$source_dir
  mkdir -p "$scratch/out"
  find "$root" -name '*.c' -exec cp {} "$scratch/out/" \;
  find "$root" -name 'llhttp.h' -exec cp {} "$scratch/out/" \;
  find "$root" -iname 'LICENSE*' -exec cp {} "$scratch/out/LICENSE-llhttp" \;
  rm -rf "$cache/llhttp-9.4.3"
  mv "$scratch/out" "$cache/llhttp-9.4.3"
  rm -rf "$scratch"
fi
