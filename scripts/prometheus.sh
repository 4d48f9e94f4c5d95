#!/usr/bin/env bash
# Writes into FOLDER a key with the scope metrics (metrics.key) and a Prometheus configuration (prometheus.yml) that scrapes
# this installation with it as it is: prometheus --config.file=FOLDER/prometheus.yml. A key that still works stays.
#   scripts/prometheus.sh FOLDER SIGIL-PROGRAM
set -euo pipefail

folder=${1:?usage: prometheus.sh FOLDER SIGIL-PROGRAM}
sigil=${2:?usage: prometheus.sh FOLDER SIGIL-PROGRAM}
key=$folder/metrics.key

url=$("$sigil" status --output json | python3 -c 'import json,sys; print(json.load(sys.stdin)["session"]["server"]["public_url"])')

# The key goes in by standard input: an argument could be read in the process table.
does_key_work() {
  [ -s "$key" ] && printf 'header = "Authorization: Bearer %s"\n' "$(<"$key")" |
    curl --config - --silent --fail --noproxy '*' --max-time 10 --output /dev/null "$url/metrics"
}

mkdir -p "$folder"
if ! does_key_work; then
  rm -f "$key"
  "$sigil" key create prometheus --owner prometheus --kind robot --scope metrics --expires 365d --file "$key" --quiet >/dev/null
fi
# Debian's package runs it as this user.
if [ "$(id -u)" = 0 ] && getent group prometheus >/dev/null; then
  chgrp prometheus "$key"
  chmod 0640 "$key"
fi

python3 - "$folder" "$url" <<'PYTHON'
import os, sys, urllib.parse
folder, url = os.path.abspath(sys.argv[1]), urllib.parse.urlsplit(sys.argv[2])
target = url.netloc if url.port else f"{url.netloc}:{443 if url.scheme == 'https' else 80}"

def job(name, path):
    return f"""  - job_name: {name}
    scheme: {url.scheme}
    metrics_path: {path}
    authorization:
      credentials_file: {folder}/metrics.key
    static_configs:
      - targets: ["{target}"]
"""

text = ("# Made by scripts/prometheus.sh. To use it in a configuration of your own, copy the two jobs.\n"
        "global:\n  scrape_interval: 15s\nscrape_configs:\n" + job("sigil", "/metrics") + job("sigil-proxy", "/metrics/proxy"))
path = os.path.join(folder, "prometheus.yml")
if not os.path.exists(path) or open(path).read() != text:
    with open(path + ".new", "w") as file:
        file.write(text)
    os.replace(path + ".new", path)
PYTHON
