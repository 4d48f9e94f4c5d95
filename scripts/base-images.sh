#!/usr/bin/env bash
# Provides the base images that generated Dockerfiles start from. Where an image registry answers they are pulled; where none
# does, stand-ins are built from Debian packages and pinned archives under a name of ours (sigil-base/…); a public name is
# never created or overwritten. The map from public names to ours goes to standard output as NAME=OURS lines (nothing when
# pulled); sigild reads it as builder.base_images and rewrites FROM lines with it.
#   scripts/base-images.sh MAP_FILE     writes the map there; quick when everything exists already
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
map_file=${1:?usage: base-images.sh MAP_FILE}
socket=${SIGIL_DOCKER_SOCKET:-/var/run/docker.sock}
deps=${SIGIL_DEPS_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/sigil/deps}
instance=${SIGIL_INSTANCE:-none}
labels="LABEL io.sigil.base-image=1 io.sigil.instance=$instance"

say() { echo "base images: $*" >&2; }
api() { curl --silent --show-error --noproxy '*' --unix-socket "$socket" "$@"; }
has_image() { api --output /dev/null --fail "http://engine/images/$1/json" 2>/dev/null; }

# The engine answers 200 and tells a failure in the stream.
pull() {
  local answer
  answer=$(api --max-time 300 -X POST "http://engine/images/create?fromImage=$1&tag=$2" 2>/dev/null) || return 1
  ! grep -q '"error"\|"message"' <<<"$answer"
}

build() { # TAG FOLDER
  local answer
  answer=$(tar -C "$2" -cf - . | api -X POST -H 'Content-Type: application/x-tar' -H 'Transfer-Encoding: chunked' \
    --data-binary @- "http://engine/build?t=$1&rm=1&forcerm=1")
  if grep -q '"errorDetail"\|"message"' <<<"$answer"; then
    say "building $1 failed:"
    tail -n 15 <<<"$answer" >&2
    return 1
  fi
}

debian() {
  has_image sigil-base/debian:12 && return
  command -v mmdebstrap >/dev/null || { say "mmdebstrap is missing: apt-get install mmdebstrap"; exit 1; }
  local changes started=$SECONDS
  changes="changes=$(printf '%s' "$labels" | sed 's/ /%20/g; s/=/%3D/g')&changes=CMD%20%5B%22bash%22%5D"
  say "building sigil-base/debian:12 from Debian packages (about half a minute)"
  mmdebstrap --quiet --variant=minbase --include=ca-certificates,libstdc++6 \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' bookworm - |
    api --fail -X POST -H 'Content-Type: application/x-tar' -H 'Transfer-Encoding: chunked' --data-binary @- \
      --output /dev/null "http://engine/images/create?fromSrc=-&repo=sigil-base/debian&tag=12&$changes"
  say "sigil-base/debian:12 took $((SECONDS - started)) s"
}

node() {
  has_image sigil-base/node:22 && return
  local folder started=$SECONDS
  "$here/deps.sh" runtimes
  folder=$(mktemp -d)
  cp -a "$deps/node-22.20.0" "$folder/node"
  printf '%s\n' 'FROM sigil-base/debian:12' "$labels" 'COPY node /usr/local' \
    'RUN useradd --uid 1000 --create-home node' 'ENV NODE_VERSION=22.20.0' 'CMD ["node"]' >"$folder/Dockerfile"
  build sigil-base/node:22 "$folder"
  rm -rf "$folder"
  say "sigil-base/node:22 took $((SECONDS - started)) s"
}

python() {
  has_image sigil-base/python:3.11 && return
  local folder started=$SECONDS
  "$here/deps.sh" runtimes
  folder=$(mktemp -d)
  cp "$deps/uv-0.13.9/uv" "$folder/uv"
  printf '%s\n' 'FROM sigil-base/debian:12' "$labels" \
    'RUN apt-get update -q && apt-get install -y -q --no-install-recommends python3 python3-pip python3-venv && rm -rf /var/lib/apt/lists/* /usr/lib/python3*/EXTERNALLY-MANAGED && ln -s python3 /usr/bin/python' \
    'COPY uv /usr/local/bin/uv' 'ENV PYTHON_VERSION=3.11' 'CMD ["python3"]' >"$folder/Dockerfile"
  build sigil-base/python:3.11 "$folder"
  rm -rf "$folder"
  say "sigil-base/python:3.11 took $((SECONDS - started)) s"
}

# The public names that stand-ins serve. Other versions of the same language get the one there is: most sources accept it,
# and the operation's log says which image was really used.
write_map() {
  local name
  for name in node:22-slim node:22 node:22-bookworm-slim node:22-bookworm node:22-alpine node:lts node:lts-slim node:lts-alpine \
    node:20-slim node:20 node:20-alpine node:18-slim node:18 node:18-alpine node:alpine node:slim node:latest node; do
    echo "$name=sigil-base/node:22"
  done
  for name in python:3.11-slim python:3.11 python:3.11-slim-bookworm python:3.11-alpine python:3.10-slim python:3.10 \
    python:3-slim python:slim python:3 python:latest; do
    echo "$name=sigil-base/python:3.11"
  done
  for name in debian:bookworm-slim debian:bookworm debian:12-slim debian:12 debian:stable-slim; do
    echo "$name=sigil-base/debian:12"
  done
}

if [ -f "$map_file" ]; then
  if [ -s "$map_file" ]; then
    has_image sigil-base/node:22 && has_image sigil-base/python:3.11 && exit 0
  else
    has_image node:22-slim && has_image python:3.12-slim && exit 0
  fi
fi

mkdir -p "$(dirname "$map_file")"
if [ "${SIGIL_BASE_IMAGES:-}" != local ] && pull node 22-slim && pull python 3.12-slim; then
  say "pulled node:22-slim and python:3.12-slim"
  : >"$map_file"
else
  say "no image registry answers: building stand-ins under sigil-base/"
  debian
  node
  python
  write_map >"$map_file.new"
  mv "$map_file.new" "$map_file"
fi
