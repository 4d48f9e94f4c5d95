"""100 deploy and delete rounds, and 1,000 sessions opened and never closed, beside a foreign container, image, volume and network
and a second Sigil on the same engine: afterwards everything of ours is as before and nothing foreign was touched."""
import http.client
import json
import os
import unittest
from pathlib import Path

from support import engine_api
from support.sigil import ROOT, Sigil, wait_until

ROUNDS = int(os.environ.get("SIGIL_SOAK_ROUNDS", "100"))
SESSIONS = int(os.environ.get("SIGIL_SOAK_SESSIONS", "1000"))
FIXTURE = ROOT / "tests/fixtures/tiny-http"
INITIALIZE = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
    "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "soak", "version": "1"}}})
FOREIGN = "io.example.foreign=soak"


def counts(sigil):
    """Processes, descriptors and resident memory of the daemons; what the engine holds of this instance."""
    descriptors = memory = 0
    names = []
    for pid, command in sigil.processes():
        name = Path(command.split(" ")[0]).name
        if name not in ("sigild", "sigil-proxy"):
            continue
        names.append(name)
        descriptors += len(os.listdir(f"/proc/{pid}/fd"))
        status = Path(f"/proc/{pid}/status").read_text()
        memory += int(next(line.split()[1] for line in status.split("\n") if line.startswith("VmRSS")))
    held = engine_api.snapshot(sigil.label)
    return {"processes": sorted(names), "descriptors": descriptors, "memory_kib": memory,
            **{kind: len(ids) for kind, ids in held.items()}}


def open_session(sigil, name):
    connection = http.client.HTTPConnection("127.0.0.1", sigil.ports["listen"], timeout=30)
    connection.request("POST", f"/{name}/mcp", INITIALIZE, {
        "Content-Type": "application/json", "Accept": "application/json, text/event-stream"})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != 200 or not answer.getheader("Mcp-Session-Id"):
        raise AssertionError(f"initialize: {answer.status} {body[:300]!r}")


class Soak(unittest.TestCase):
    def setUp(self):
        self.addCleanup(engine_api.remove_labelled, FOREIGN)
        labels = {"io.example.foreign": "soak"}
        image = next(i for i in engine_api.images() if any("sigil-base/node" in t for t in i.get("RepoTags") or []))
        engine_api.json_call("POST", "/volumes/create", {"Name": "soak-foreign", "Labels": labels})
        engine_api.json_call("POST", "/networks/create", {"Name": "soak-foreign", "Labels": labels})
        engine_api.json_call("POST", "/containers/create?name=soak-foreign",
                             {"Image": image["Id"], "Cmd": ["sleep", "1"], "Labels": labels})
        self.foreign = engine_api.snapshot(FOREIGN)
        self.sigil = Sigil(os.environ["SIGIL_BUILD"], {"SIGIL_PROXY_SESSION_IDLE": "2s"})
        self.addCleanup(self.sigil.close)
        self.sigil.start()
        self.other = Sigil(os.environ["SIGIL_BUILD"])
        self.addCleanup(self.other.close)
        self.other.start()
        self.other.deploy(FIXTURE, "neighbour")
        self.neighbour = engine_api.snapshot(self.other.label)

    def round(self):
        self.sigil.deploy(FIXTURE, "soak")
        self.sigil.cli("deployment", "delete", "soak", "--yes", check=0)

    def test_nothing_piles_up(self):
        for _ in range(5):  # pools, caches and connections reach their size first
            self.round()
        self.sigil.deploy(FIXTURE, "kept")
        for _ in range(50):
            open_session(self.sigil, "kept")
        before = wait_until(lambda: self.settled(), 60, "quiet before")
        for _ in range(ROUNDS):
            self.round()
        for _ in range(SESSIONS):
            open_session(self.sigil, "kept")
        after = wait_until(lambda: self.settled(before), 90, f"as before; before {before}, now {counts(self.sigil)}")
        print(f"soak of {ROUNDS} rounds and {SESSIONS} sessions: before {before}, after {after}")
        self.assertLessEqual(after["memory_kib"], before["memory_kib"] * 1.10)
        self.assertEqual(self.foreign, engine_api.snapshot(FOREIGN))
        self.assertEqual(self.neighbour, engine_api.snapshot(self.other.label))

    def settled(self, like=None):
        """The counts once they are those of `like` (memory aside), or once two looks agree."""
        now = counts(self.sigil)
        if like is None:
            previous, self.previous = getattr(self, "previous", None), now
            return now if previous and all(previous[k] == now[k] for k in now if k != "memory_kib") else None
        return now if all(now[key] == like[key] for key in like if key != "memory_kib") else None


if __name__ == "__main__":
    unittest.main()
