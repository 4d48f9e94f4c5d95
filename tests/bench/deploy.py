#!/usr/bin/env python3
"""Warm deploy overhead: the time of `sigil deploy` of an unchanged source, divided by the time of the same build, create, start and
first tools/list by bare engine calls in the same run. Rounds alternate, medians are compared. Aim: below 1.2."""
import argparse
import http.client
import io
import json
import os
import statistics
import sys
import tarfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
from support import engine_api  # noqa: E402
from support.sigil import ROOT, Sigil  # noqa: E402

FIXTURE = ROOT / "tests/fixtures/tiny-http"
LABEL = "io.example.bench"
HEADERS = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}


def context(base_image):
    """The same files that Sigil sends; FROM names the image that Sigil's map names."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for path in sorted(FIXTURE.iterdir()):
            data = path.read_bytes().replace(b"FROM node:22-slim", f"FROM {base_image}".encode())
            entry = tarfile.TarInfo(path.name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


def rpc(address, method, params, session=None):
    connection = http.client.HTTPConnection(address, 8080, timeout=5)
    connection.request("POST", "/mcp", json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}),
                       {**HEADERS, **({"Mcp-Session-Id": session} if session else {})})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{method}: {answer.status} {body[:200]!r}")
    return json.loads(body), answer.getheader("Mcp-Session-Id")


def bare_deploy(packed, network):
    """Build, create, start, first tools/list: what any deploy has to wait for. Returns seconds."""
    started = time.monotonic()
    status, stream = engine_api.call("POST", "/build?rm=1&forcerm=1&labels=" + json.dumps({LABEL: "1"}).replace(" ", ""),
                                     packed, {"Content-Type": "application/x-tar"})
    lines = [json.loads(line) for line in stream.split(b"\n") if line.strip()]
    image = [line["aux"]["ID"] for line in lines if "aux" in line]
    if status != 200 or not image:
        raise RuntimeError(stream[-500:].decode())
    body = {"Image": image[-1], "Labels": {LABEL: "1"}, "Env": ["PORT=8080", "HOST=0.0.0.0"], "User": "1000:1000",
            "HostConfig": {"NetworkMode": network, "Init": True, "ReadonlyRootfs": True, "CapDrop": ["ALL"],
                           "SecurityOpt": ["no-new-privileges"], "PidsLimit": 256, "Memory": 512 << 20,
                           "Tmpfs": {"/tmp": "rw,noexec,nosuid,nodev,size=64m,mode=1777"}}}
    container = engine_api.json_call("POST", "/containers/create", body)["Id"]
    engine_api.call("POST", f"/containers/{container}/start")
    address = engine_api.json_call("GET", f"/containers/{container}/json")["NetworkSettings"]["Networks"][network]["IPAddress"]
    while True:
        try:
            _result, session = rpc(address, "initialize", {"protocolVersion": "2025-11-25", "capabilities": {},
                                                           "clientInfo": {"name": "bench", "version": "1"}})
            break
        except OSError:
            if time.monotonic() - started > 30:
                raise
            time.sleep(0.01)
    rpc(address, "tools/list", {}, session)
    took = time.monotonic() - started
    engine_api.call("DELETE", f"/containers/{container}?force=1")
    return took


def sigil_deploy(sigil):
    started = time.monotonic()
    sigil.cli("deploy", FIXTURE, "--name", "bench", "--output", "json", check=0)
    return time.monotonic() - started


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default=str(ROOT / "build/release"))
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    network = f"bench-{os.getpid()}"
    engine_api.json_call("POST", "/networks/create", {"Name": network, "Internal": True, "Labels": {LABEL: "1"}})
    try:
        with Sigil(options.build) as sigil:
            mapped = dict(pair.split("=", 1) for pair in
                          sigil.environment.get("SIGIL_BUILDER_BASE_IMAGES", "").split(",") if pair)
            packed = context(mapped.get("node:22-slim", "node:22-slim"))
            bare, ours = [], []
            for number in range(options.rounds + 1):
                pair = bare_deploy(packed, network), sigil_deploy(sigil)
                if number > 0:  # the first round fills the build cache
                    bare.append(pair[0])
                    ours.append(pair[1])
                    print(f"round {number}: bare {pair[0]:.3f} s, sigil deploy {pair[1]:.3f} s")
            ratio = statistics.median(o / b for o, b in zip(ours, bare))
            print(f"warm deploy overhead: bare {statistics.median(bare):.3f} s, sigil {statistics.median(ours):.3f} s, "
                  f"median ratio {ratio:.2f} (aim below 1.2)")
    finally:
        engine_api.remove_labelled(f"{LABEL}=1")


if __name__ == "__main__":
    main()
