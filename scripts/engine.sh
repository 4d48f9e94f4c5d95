#!/usr/bin/env bash
# Makes sure a Docker Engine answers. A running one is used as it is: never restarted, never reconfigured. One is started only
# where none answers and the program is installed.
set -euo pipefail

socket=${SIGIL_DOCKER_SOCKET:-/var/run/docker.sock}
answers() { curl --silent --fail --max-time 5 --noproxy '*' --unix-socket "$socket" --output /dev/null http://engine/_ping; }

answers && exit 0
if [ -d /run/systemd/system ] && systemctl list-unit-files docker.service >/dev/null 2>&1; then
  systemctl start docker
elif [ "$socket" = /var/run/docker.sock ] && command -v dockerd >/dev/null; then
  if [ "$(id -u)" != 0 ]; then
    echo "no container engine answers on $socket; start one, or run this command as root" >&2
    exit 1
  fi
  echo "starting dockerd (log: /var/log/dockerd.log)" >&2
  # After a kill its containerd may still be on its way out, and the first try then gives up.
  setsid bash -c 'for _ in 1 2 3; do dockerd && break; sleep 2; done' >>/var/log/dockerd.log 2>&1 </dev/null &
else
  echo "no container engine answers on $socket; install one (apt-get install docker.io) or set SIGIL_DOCKER_SOCKET" >&2
  exit 1
fi
for _ in $(seq 1 450); do
  answers && exit 0
  sleep 0.2
done
echo "the container engine did not answer on $socket within 90 s; see /var/log/dockerd.log or journalctl -u docker" >&2
exit 1
