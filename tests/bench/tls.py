#!/usr/bin/env python3
"""TLS at the front door against nginx with the same certificate, in the same run: small POST and 64 KiB both ways,
keep-alive, TLS 1.3, one worker each. The job is that of proxy.py; ratios of requests/s and of CPU a request are medians
within interleaved rounds (A B, B A), so that other work on the machine hits both alike.
Needs nginx-light, wrk, openssl. Environment: SIGIL_PROXY, ROUNDS (6), SECONDS_EACH (2), CONNECTIONS (32).
"""
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import proxy
from proxy import BINARY, CONNECTIONS, HARMLESS, ROUNDS, SECONDS, Server, free_port

CALL = {"jsonrpc": "2.0", "id": 7, "method": "tools/call"}
SIZES = {"small": 160, "64 KiB": 65536}


def body_of(size):
    return json.dumps({**CALL, "params": {"name": "add", "arguments": {"note": "x" * size}}})


def make_certificate(scratch):
    cert, key = scratch / "cert.pem", scratch / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)],
                   check=True, capture_output=True)
    return cert, key


def start_upstream(scratch, size):
    port = free_port()
    folder = scratch / f"up{size}"
    folder.mkdir()
    (folder / "mcp").write_text(json.dumps({"jsonrpc": "2.0", "id": 7, "result": {"content": [{"type": "text", "text": "y" * size}]}}))
    conf = folder / "nginx.conf"
    temps = "".join(f"{kind}_temp_path {folder}/{kind}; " for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    # error_page lets a POST be answered by a file.
    conf.write_text(f"""
daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log {folder}/err;
events {{ worker_connections 4096; }}
http {{ access_log off; keepalive_timeout 300s; keepalive_requests 100000000; {temps} sendfile on; tcp_nopush off;
  client_body_buffer_size 256k; server {{ listen 127.0.0.1:{port}; root {folder}; location / {{ default_type application/json;
    error_page 405 =200 $uri; }} }} }}
""")
    return Server(f"upstream{size}", ["nginx", "-p", str(folder), "-c", str(conf)], port, 1, scratch)


def start_nginx(scratch, upstreams, cert, key):
    port = free_port()
    folder = scratch / "nginx"
    folder.mkdir()
    conf = folder / "nginx.conf"
    harmless = "\n".join(f'    add_header {name} "{value}";' for name, value in HARMLESS)
    temps = "".join(f"{kind}_temp_path {folder}/{kind}; " for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    pools = "".join(f"upstream up{i} {{ server 127.0.0.1:{u}; keepalive 1024; keepalive_requests 100000000; keepalive_timeout 4s; }}\n"
                    for i, u in enumerate(upstreams))
    places = "".join(f"""location /bench{i}/mcp {{ proxy_pass http://up{i}/mcp; proxy_http_version 1.1;
    proxy_buffering off; proxy_request_buffering off; proxy_buffer_size 16k; proxy_buffers 8 16k; client_max_body_size 4m;
    client_body_buffer_size 128k; proxy_set_header Connection ""; proxy_set_header Host localhost; proxy_set_header Authorization "";
    proxy_set_header Cookie ""; proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto https;
    proxy_set_header X-Forwarded-Host $http_host; proxy_set_header X-Request-Id $request_id; proxy_hide_header Server;
    add_header Strict-Transport-Security "max-age=31536000";
{harmless} }}""" for i in range(len(upstreams)))
    conf.write_text(f"""
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/err;
events {{ worker_connections 4096; }}
http {{ access_log off; keepalive_timeout 75s; keepalive_requests 100000000; {temps} {pools}
  server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {cert}; ssl_certificate_key {key}; ssl_protocols TLSv1.2 TLSv1.3;
    {places} }} }}
""")
    return Server("nginx", ["nginx", "-p", str(folder), "-c", str(conf)], port, 0, scratch)


def start_sigil(scratch, upstreams, cert, key):
    port, control, api = free_port(), free_port(), free_port()
    data = scratch / "data"
    (data / "proxy").mkdir(parents=True)
    routes = [{"deployment": f"dep_{i}", "name": f"bench{i}", "state": "serving", "upstream_path": "/mcp", "session_config": "none",
               "replicas": [{"id": f"rep_{i}", "revision": 1, "address": "127.0.0.1", "port": u, "state": "ready"}]}
              for i, u in enumerate(upstreams)]
    (data / "proxy/routes.json").write_text(json.dumps({
        "version": 1, "instance": "bench", "public_url": f"https://127.0.0.1:{port}", "allowed_hosts": [f"127.0.0.1:{port}"],
        "session_keys": [{"kid": "k1", "key": "ab" * 32}], "routes": routes}))
    return Server("sigil-proxy", [BINARY, f"--data-dir={data}", f"--listen=127.0.0.1:{port}", f"--control=127.0.0.1:{control}",
                                  f"--api=127.0.0.1:{api}", "--workers=1", f"--tls-cert-file={cert}", f"--tls-key-file={key}"],
                  port, 0, scratch)


def write_script(scratch, name, body):
    script = scratch / f"{name.replace(' ', '')}.lua"
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
               "MCP-Protocol-Version": "2025-06-18", "Authorization": "Bearer " + "t" * 336, "User-Agent": "bench/1"}
    script.write_text("wrk.method='POST'\nwrk.body=[[" + body + "]]\n" + "".join(f"wrk.headers['{k}']='{v}'\n" for k, v in headers.items()))
    return script


def sample(server, script, place):
    cpu = server.cpu_seconds()
    out = subprocess.run(["taskset", "-c", str(1 % (os.cpu_count() or 1)), "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s",
                          "-s", str(script), f"https://127.0.0.1:{server.port}/{place}/mcp"], capture_output=True, text=True, check=True).stdout
    used = server.cpu_seconds() - cpu
    requests = int(re.search(r"(\d+) requests in", out).group(1))
    if "Non-2xx" in out or requests == 0:
        sys.exit(f"{server.name} answered with errors:\n{out}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1)), used / requests * 1e6


def main():
    os.environ["PATH"] += ":/usr/sbin"
    if not Path(proxy.BINARY).exists():
        sys.exit(f"{BINARY} is missing: cmake --build --preset release --target sigil-proxy")
    with tempfile.TemporaryDirectory(prefix="sigil-bench-") as folder:
        scratch = Path(folder)
        try:
            cert, key = make_certificate(scratch)
            upstreams = [start_upstream(scratch, size).port for size in SIZES.values()]
            servers = [start(scratch, upstreams, cert, key) for start in (start_sigil, start_nginx)]
            for number, (name, size) in enumerate(SIZES.items()):
                script = write_script(scratch, name, body_of(size))
                for server in servers:  # warm
                    sample(server, script, f"bench{number}")
                results = {server.name: [] for server in servers}
                for turn in range(ROUNDS):
                    for server in servers if turn % 2 == 0 else reversed(servers):
                        results[server.name].append(sample(server, script, f"bench{number}"))
                print(f"TLS, {name} bodies both ways, {CONNECTIONS} connections, {ROUNDS} rounds of {SECONDS} s, one worker each, medians")
                for server, rounds in results.items():
                    print(f"  {server:12} {statistics.median(r[0] for r in rounds):9.0f} requests/s "
                          f"{statistics.median(r[1] for r in rounds):7.1f} us CPU a request")
                pairs = list(zip(results["sigil-proxy"], results["nginx"]))
                print(f"  against nginx {statistics.median(a[0] / b[0] for a, b in pairs):5.2f} x the requests/s, "
                      f"{statistics.median(a[1] / b[1] for a, b in pairs):5.2f} x the CPU a request  (goal: at least 1.00)")
        finally:
            for server in reversed(Server.started):
                server.stop()


if __name__ == "__main__":
    main()
