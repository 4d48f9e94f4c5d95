#!/usr/bin/env bash
# Stops Sigil and its containers; data stays. With --forget also removes our containers, networks, volumes, images and the data
# directory. Only what carries this installation's label is touched.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/local.sh
. scripts/services.sh

ours() { # KIND (containers, networks, volumes, images): ids with our label
  local instance query path
  instance=$(<"$data_dir/instance")
  query=$(python3 -c 'import json,sys,urllib.parse; print(urllib.parse.quote(json.dumps({"label": ["io.sigil.instance=" + sys.argv[1]]})))' "$instance")
  path="/$1?all=1&filters=$query"
  [ "$1" = containers ] && path="/containers/json?all=1&filters=$query"
  [ "$1" = images ] && path="/images/json?all=0&filters=$query"
  engine "http://engine$path" 2>/dev/null | python3 -c '
import json, sys
answer = json.load(sys.stdin)
for item in (answer.get("Volumes") or []) if isinstance(answer, dict) else answer:
    print(item.get("Id") or item["Name"])' 2>/dev/null || true
}

[ -s "$data_dir/instance" ] || { echo "nothing of Sigil under $data_dir"; exit 0; }

stop_services
for id in $(ours containers); do engine -X POST --output /dev/null "http://engine/containers/$id/stop?t=5" & done
wait
echo "stopped the containers of $(<"$data_dir/instance")"

if [ "${1:-}" = --forget ]; then
  for id in $(ours containers); do engine -X DELETE --output /dev/null "http://engine/containers/$id?force=1&v=1"; done
  for id in $(ours networks); do engine -X DELETE --output /dev/null "http://engine/networks/$id"; done
  for id in $(ours volumes); do engine -X DELETE --output /dev/null "http://engine/volumes/$id"; done
  for id in $(ours images); do engine -X DELETE --output /dev/null "http://engine/images/$id?force=1"; done
  if has_systemd; then
    systemctl disable --quiet sigil-proxy sigild 2>/dev/null || true
    rm -f /etc/systemd/system/sigil-proxy.service /etc/systemd/system/sigild.service
    systemctl daemon-reload
  fi
  rm -rf "$data_dir"
  echo "removed everything of ours from the engine, and $data_dir"
fi
