#!/usr/bin/env python3
"""Proxied small POST: sigil-proxy against nginx and haproxy doing the same job in the same run.

The job: route /bench/mcp to a keep-alive upstream under another path, drop Authorization and Cookie, set the
X-Forwarded headers, pass the answer on unbuffered with the headers that make it harmless to a browser. sigil-proxy
does more on top (checks the JSON, opens and seals session tokens, drops headers of the answer); the others do not.
Each proxy has one worker on CPU 0; wrk and the upstream share CPU 1. Rounds are interleaved (A B C, C B A) and the
medians of the ratios within a round are printed, so that other work on the machine hits all alike.
Needs nginx-light, haproxy and wrk. Environment: SIGIL_PROXY (the binary), ROUNDS (6), SECONDS_EACH (2), CONNECTIONS (32).
"""
import http.client
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = os.environ.get("SIGIL_PROXY", str(ROOT / "build/release/proxy/sigil-proxy"))
ROUNDS = int(os.environ.get("ROUNDS", "6"))
SECONDS = int(os.environ.get("SECONDS_EACH", "2"))
CONNECTIONS = int(os.environ.get("CONNECTIONS", "32"))
BODY = json.dumps({"jsonrpc": "2.0", "id": 7, "method": "tools/call",
                   "params": {"name": "add", "arguments": {"a": 1, "b": 2, "note": "x" * 160}}})
ANSWER = json.dumps({"jsonrpc": "2.0", "id": 7, "result": {"content": [{"type": "text", "text": "y" * 320}]}})
HARMLESS = [("X-Content-Type-Options", "nosniff"), ("Content-Security-Policy", "sandbox; default-src 'none'"),
            ("Cross-Origin-Resource-Policy", "same-origin"), ("X-Frame-Options", "DENY"), ("Referrer-Policy", "no-referrer")]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(port, log):
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"nothing listens on port {port}:\n" + log.read_text())


class Server:
    """A server process and its workers, pinned to one CPU."""

    started = []  # all of them, also one that never listened

    def __init__(self, name, argv, port, cpu, scratch):
        self.name, self.port = name, port
        self.log = open(scratch / f"{name}.log", "wb")
        cpus = os.cpu_count() or 1
        self.process = subprocess.Popen(["taskset", "-c", str(cpu % cpus), *argv], stdout=self.log, stderr=self.log)
        Server.started.append(self)
        wait_for(port, scratch / f"{name}.log")

    def pids(self):
        todo, found = [self.process.pid], []
        while todo:
            pid = todo.pop()
            found.append(pid)
            try:
                todo += [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
            except OSError:
                pass
        return found

    def cpu_seconds(self):
        total = 0
        for pid in self.pids():
            try:
                for task in Path(f"/proc/{pid}/task").iterdir():
                    total += int((task / "schedstat").read_text().split()[0])
            except OSError:
                pass
        return total / 1e9

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


def start_upstream(scratch):
    port = free_port()
    conf = scratch / "upstream.conf"
    conf.write_text(f"""
daemon off; master_process off; worker_processes 1; pid {scratch}/upstream.pid; error_log {scratch}/upstream.err;
events {{ worker_connections 4096; }}
http {{ access_log off; keepalive_timeout 300s; keepalive_requests 100000000; client_body_temp_path {scratch}/u1;
  proxy_temp_path {scratch}/u2; fastcgi_temp_path {scratch}/u3; uwsgi_temp_path {scratch}/u4; scgi_temp_path {scratch}/u5;
  server {{ listen 127.0.0.1:{port}; location / {{ default_type application/json;
    add_header Mcp-Session-Id upstream-session-1; return 200 '{ANSWER}'; }} }} }}
""")
    return Server("upstream", ["nginx", "-p", str(scratch), "-c", str(conf)], port, 1, scratch)


def start_nginx(scratch, upstream):
    port = free_port()
    conf = scratch / "nginx.conf"
    harmless = "\n".join(f'    add_header {k} "{v}";' for k, v in HARMLESS)
    conf.write_text(f"""
daemon off; worker_processes 1; pid {scratch}/nginx.pid; error_log {scratch}/nginx.err;
events {{ worker_connections 4096; }}
http {{ access_log off; keepalive_timeout 75s; keepalive_requests 100000000; client_body_temp_path {scratch}/n1;
  proxy_temp_path {scratch}/n2; fastcgi_temp_path {scratch}/n3; uwsgi_temp_path {scratch}/n4; scgi_temp_path {scratch}/n5;
  upstream up {{ server 127.0.0.1:{upstream}; keepalive 1024; keepalive_requests 100000000; keepalive_timeout 4s; }}
  server {{ listen 127.0.0.1:{port}; location /bench/mcp {{ proxy_pass http://up/mcp; proxy_http_version 1.1;
    proxy_buffering off; proxy_request_buffering off; proxy_buffer_size 16k; proxy_buffers 8 16k; client_max_body_size 4m;
    proxy_set_header Connection ""; proxy_set_header Host localhost; proxy_set_header Authorization "";
    proxy_set_header Cookie ""; proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto http;
    proxy_set_header X-Forwarded-Host $http_host; proxy_set_header X-Request-Id $request_id;
    proxy_hide_header Server; proxy_hide_header X-Powered-By; proxy_hide_header Set-Cookie;
{harmless} }} }} }}
""")
    return Server("nginx", ["nginx", "-p", str(scratch), "-c", str(conf)], port, 0, scratch)


def start_haproxy(scratch, upstream):
    port = free_port()
    conf = scratch / "haproxy.cfg"
    harmless = "\n".join(f'  http-response set-header {k} "{v}"' for k, v in HARMLESS)
    conf.write_text(f"""
global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 3s
  timeout client 75s
  timeout server 600s
  option http-no-delay
  http-reuse always
frontend f
  bind 127.0.0.1:{port}
  use_backend b if {{ path /bench/mcp }}
backend b
  http-request set-path /mcp
  http-request del-header Authorization
  http-request del-header Cookie
  http-request set-header Host localhost
  http-request set-header X-Forwarded-For %[src]
  http-request set-header X-Forwarded-Proto http
  http-response del-header Server
  http-response del-header Set-Cookie
{harmless}
  server s 127.0.0.1:{upstream}
""")
    return Server("haproxy", ["haproxy", "-db", "-f", str(conf)], port, 0, scratch)


def start_sigil(scratch, upstream):
    port, control, api = free_port(), free_port(), free_port()
    data = scratch / "data"
    (data / "proxy").mkdir(parents=True)
    snapshot = {
        "version": 1, "instance": "bench", "public_url": f"http://127.0.0.1:{port}", "allowed_hosts": [f"127.0.0.1:{port}"],
        "session_keys": [{"kid": "k1", "key": "ab" * 32}],
        "routes": [{"deployment": "dep_bench", "name": "bench", "state": "serving", "upstream_path": "/mcp",
                    "session_config": "none", "replicas": [{"id": "rep_1", "revision": 1, "address": "127.0.0.1",
                                                            "port": upstream, "state": "ready"}]}]}
    (data / "proxy/routes.json").write_text(json.dumps(snapshot))
    return Server("sigil-proxy", [BINARY, f"--data-dir={data}", f"--listen=127.0.0.1:{port}", f"--control=127.0.0.1:{control}",
                                  f"--api=127.0.0.1:{api}", "--workers=1"], port, 0, scratch)


def open_session(port):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-06-18"}})
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("POST", "/bench/mcp", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    return answer.getheader("Mcp-Session-Id") or "none"


def write_script(scratch, server):
    script = scratch / f"{server.name}.lua"
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
               "MCP-Protocol-Version": "2025-06-18", "Mcp-Session-Id": open_session(server.port),
               "Authorization": "Bearer " + "t" * 336, "User-Agent": "bench/1"}
    script.write_text("wrk.method='POST'\nwrk.body=[[" + BODY + "]]\n" +
                      "".join(f"wrk.headers['{k}']='{v}'\n" for k, v in headers.items()))
    return script


def sample(server, script):
    cpu = server.cpu_seconds()
    out = subprocess.run(["taskset", "-c", str(1 % (os.cpu_count() or 1)), "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--latency",
                          "-s", str(script), f"http://127.0.0.1:{server.port}/bench/mcp"], capture_output=True, text=True, check=True).stdout
    used = server.cpu_seconds() - cpu
    requests = int(re.search(r"(\d+) requests in", out).group(1))
    if "Non-2xx" in out or requests == 0:
        sys.exit(f"{server.name} answered with errors:\n{out}")
    return {"rps": float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1)), "cpu_us": used / requests * 1e6,
            "p99": re.search(r"99%\s+(\S+)", out).group(1)}


def main():
    for tool in ("nginx", "haproxy", "wrk", "taskset"):
        if shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin") is None:
            sys.exit(f"{tool} is missing: apt-get install nginx-light haproxy wrk util-linux")
    os.environ["PATH"] += ":/usr/sbin"
    if not Path(BINARY).exists():
        sys.exit(f"{BINARY} is missing: cmake --build --preset release --target sigil-proxy")
    with tempfile.TemporaryDirectory(prefix="sigil-bench-") as folder:
        scratch = Path(folder)
        servers = []
        try:
            upstream = start_upstream(scratch)
            for start in (start_sigil, start_nginx, start_haproxy):
                servers.append(start(scratch, upstream.port))
            scripts = {s.name: write_script(scratch, s) for s in servers}
            for server in servers:  # warm
                sample(server, scripts[server.name])
            results = {s.name: [] for s in servers}
            for number in range(ROUNDS):
                for server in servers if number % 2 == 0 else reversed(servers):
                    results[server.name].append(sample(server, scripts[server.name]))
        finally:
            for server in reversed(Server.started):
                server.stop()
    print(f"small POST, {CONNECTIONS} connections, {ROUNDS} rounds of {SECONDS} s, one worker each, medians")
    for name, rounds in results.items():
        print(f"  {name:12} {statistics.median(r['rps'] for r in rounds):9.0f} requests/s "
              f"{statistics.median(r['cpu_us'] for r in rounds):7.1f} us CPU a request   p99 {rounds[len(rounds) // 2]['p99']}")
    ours = results["sigil-proxy"]
    for name in ("nginx", "haproxy"):
        rps = statistics.median(a["rps"] / b["rps"] for a, b in zip(ours, results[name]))
        cpu = statistics.median(a["cpu_us"] / b["cpu_us"] for a, b in zip(ours, results[name]))
        goal = "  (goal: at least 1.20)" if name == "nginx" else ""
        print(f"  against {name:8} {rps:5.2f} x the requests/s, {cpu:5.2f} x the CPU a request{goal}")


if __name__ == "__main__":
    main()
