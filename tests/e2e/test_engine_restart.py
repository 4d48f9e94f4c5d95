"""The engine goes away under running replicas and comes back: a private one, with a folder, a socket and a network namespace of its
own, because an engine takes the bridge docker0 and the packet filter of its namespace for its own, whoever made them."""
import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

from support import engine_api
from support.mcp_http import McpClient
from support.sigil import ROOT, Sigil, wait_until
from test_kill import NOT_ANSWERED

TINY = ROOT / "tests/fixtures/tiny-http"


CLONE_NEWNET = 0x40000000


def enter_network_of_our_own():
    """For this thread and what it starts, with a loopback interface alone. Returns what brings it back."""
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    libc = ctypes.CDLL(None, use_errno=True)

    def leave():
        if libc.setns(before, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")
        os.close(before)
    if libc.unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "a network namespace cannot be made; run as root")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    return leave


class PrivateEngine:
    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="sigil-engine-"))
        self.socket = str(self.folder / "docker.sock")
        self.process = None

    def start(self):
        log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen(
            ["dockerd", "-H", f"unix://{self.socket}", "--data-root", str(self.folder / "data"), "--exec-root", str(self.folder / "exec"),
             "--pidfile", str(self.folder / "pid")],
            stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
        log.close()
        wait_until(self.answers, 60, "the private engine answers")

    def answers(self):
        try:
            return engine_api.call("GET", "/_ping", timeout=5)[0] == 200
        except OSError:
            return False

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def close(self):
        if self.process.poll() is None:
            self.stop()
        for mount in reversed([line.split()[1] for line in Path("/proc/mounts").read_text().split("\n") if str(self.folder) in line]):
            subprocess.run(["umount", "-l", mount], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


class EngineRestart(unittest.TestCase):
    def setUp(self):
        shared = engine_api.SOCKET
        self.addCleanup(setattr, engine_api, "SOCKET", shared)
        image = self.base_image()
        status, archive = engine_api.call("GET", f"/images/{image}/get")
        self.assertEqual(200, status)
        self.addCleanup(enter_network_of_our_own())
        self.engine = PrivateEngine()
        engine_api.SOCKET = self.engine.socket
        self.engine.start()
        self.addCleanup(self.engine.close)
        self.assertEqual(200, engine_api.call("POST", "/images/load", archive, {"Content-Type": "application/x-tar"})[0])

    def base_image(self):
        with_map = Sigil(os.environ["SIGIL_BUILD"])
        self.addCleanup(shutil.rmtree, with_map.data_dir, True)
        pairs = with_map.environment.get("SIGIL_BUILDER_BASE_IMAGES", "").split(",")
        return dict(pair.split("=", 1) for pair in pairs if pair).get("node:22-slim", "node:22-slim")

    def test_replicas_come_back_with_the_engine(self):
        with Sigil(os.environ["SIGIL_BUILD"], {"SIGIL_RUNTIME_NETWORK_POOLS": "10.223.31.0/24"}) as sigil:
            sigil.deploy(TINY, "steady")
            address = engine_api.containers(sigil.label)[0]["NetworkSettings"]["Networks"].popitem()[1]["IPAddress"]

            def is_answered():
                try:
                    return McpClient(sigil.endpoint("steady")).initialize().call("echo", {"text": "x"})
                except NOT_ANSWERED:
                    return None
            self.assertTrue(is_answered())
            self.engine.stop()
            wait_until(lambda: sigil.health() == "degraded", 30, "the engine is missed")
            self.assertIsNone(is_answered())
            self.assertIn("FAIL  engine", sigil.cli("doctor").stdout)
            self.engine.start()
            wait_until(is_answered, 60, "calls are answered again")
            wait_until(lambda: sigil.health() == "ok", 30, "all is well")
            wait_until(lambda: sigil.cli_json("deployment", "show", "steady")["state"] == "healthy", 30, "healthy")
            (container,) = engine_api.containers(sigil.label)
            self.assertEqual("running", container["State"])
            self.assertEqual(address, container["NetworkSettings"]["Networks"].popitem()[1]["IPAddress"], "its address stays")


if __name__ == "__main__":
    unittest.main()
