#!/usr/bin/env bash
# Installs the Debian packages that are missing, and says which. Groups: build, run, test, bench (each adds to nothing else).
#   scripts/packages.sh build run
set -euo pipefail

build="g++ cmake ninja-build ccache pkg-config python3 python3-pip git curl ca-certificates
  libpistache-dev libpqxx-dev libpq-dev nlohmann-json3-dev libyaml-cpp-dev libcurl4-openssl-dev libssl-dev libarchive-dev
  prometheus-cpp-dev libseccomp-dev libgtest-dev libgmock-dev libvalijson-dev libspdlog-dev libfmt-dev libcli11-dev
  libexpected-dev libre2-dev libtomlplusplus-dev libsimdjson-dev libnghttp2-dev libargon2-dev libtree-sitter-dev"
run="postgresql-15 util-linux curl git ca-certificates iptables mmdebstrap procps"
test="systemd clang-14 clang-tidy-14 clang-format-14 libclang-rt-14-dev python3-venv python3-yaml busybox-static docker-registry iproute2"
bench="wrk nginx-light haproxy"

wanted=
for group in "$@"; do
  case $group in
    build | run | test | bench) wanted+=" ${!group}" ;;
    engine)
      # A host that has an engine from anywhere keeps it: two of them would fight over the same socket and rules.
      if ! command -v dockerd >/dev/null && ! dpkg-query -W -f '${Status}\n' docker-ce containerd.io docker.io 2>/dev/null |
        grep -q 'ok installed' && [ ! -S "${SIGIL_DOCKER_SOCKET:-/var/run/docker.sock}" ]; then
        wanted+=" docker.io"
      fi
      ;;
    *) echo "packages.sh: unknown group $group (build, run, engine, test, bench)" >&2; exit 2 ;;
  esac
done

missing=
for package in $wanted; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=" $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ]; then
  echo "packages missing:$missing" >&2
  echo "run this command as root (or with sudo), or: apt-get install -y --no-install-recommends$missing" >&2
  exit 1
fi
echo "installing:$missing" >&2
export DEBIAN_FRONTEND=noninteractive
# postgresql-common would create and start a cluster of its own on the default port; Sigil runs a private one.
if [[ $missing == *postgresql-15* ]] && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
  mkdir -p /etc/postgresql-common
  echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
fi
apt-get update -q >/dev/null
# shellcheck disable=SC2086  # a list of package names
apt-get install -y -q --no-install-recommends $missing >/tmp/sigil-apt.$$.log 2>&1 || {
  tail -n 20 /tmp/sigil-apt.$$.log >&2
  exit 1
}
rm -f /tmp/sigil-apt.$$.log
