"""What happens when processes die: sigild at every step of a deploy, the proxy's two processes, everything at once. Calls to what
already runs go on; what was begun is finished or undone; nothing is left behind."""
import http.client
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from support import engine_api
from support.mcp_http import McpClient, McpError, SteadyCaller
from support.sigil import ROOT, Sigil, wait_until

TINY = ROOT / "tests/fixtures/tiny-http"
STEPS = ("fetch", "manifest", "scan", "build", "start", "verify", "switch", "publish")
NOT_ANSWERED = (McpError, OSError, http.client.HTTPException, ValueError)


def slow_copy(folder, seconds, word):
    """The tiny server with a build that takes a while; `word` keeps the engine's build cache out of it."""
    shutil.copytree(TINY, folder, dirs_exist_ok=True)
    dockerfile = Path(folder) / "Dockerfile"
    dockerfile.write_text(dockerfile.read_text().replace(
        "WORKDIR /app\n", f"WORKDIR /app\nRUN echo building {word}; sleep {seconds}\n"))
    return folder


def step_states(operation):
    return {step["name"]: step["state"] for step in operation["steps"]}


class KillSigild(unittest.TestCase):
    def setUp(self):
        self.sigil = Sigil(os.environ["SIGIL_BUILD"], {"SIGIL_RUNTIME_ORPHAN_GRACE": "2s", "SIGIL_RUNTIME_RECONCILE_EVERY": "1s"})
        self.addCleanup(self.sigil.close)
        self.sigil.start()
        self.sigil.deploy(TINY, "steady")
        self.folder = tempfile.mkdtemp(prefix="sigil-slow-")
        self.addCleanup(shutil.rmtree, self.folder)

    def begin(self, name, *arguments):
        """A deploy that goes on in a process of its own, and its operation's id."""
        command = [str(self.sigil.programs["sigil"]), "deploy", self.folder, "--name", name, *arguments, "--output", "json"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={
            **self.sigil.environment, "SIGIL_URL": self.sigil.url, "SIGIL_API_KEY": self.sigil.key()})
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process, wait_until(lambda: self.newest_operation(name), 20, f"the operation of {name}")

    def newest_operation(self, name):
        items = self.sigil.cli_json("operation", "list")["items"]
        return next((item["id"] for item in items if (item.get("deployment") or {}).get("name") == name), None)

    def wait_for_step(self, operation, step):
        """Until the step has begun; short ones may already be over."""
        def has_begun():
            states = step_states(self.sigil.cli_json("operation", "show", operation))
            return states.get(step, "pending") != "pending"
        wait_until(has_begun, 120, f"step {step}")

    def check_outcome(self, name, process):
        """Finished (and it works) or undone (and nothing is left); either way one delete brings all back to before."""
        words = process.communicate(timeout=180)
        if process.returncode == 0:
            called = self.sigil.cli("tool", "call", name, "echo", "--arg", "text=alive", check=0)
            self.assertEqual("alive\n", called.stdout)
        else:
            self.assertEqual(1, process.returncode, words)
        if self.sigil.cli("deployment", "show", name).returncode == 0:
            self.sigil.cli("deployment", "delete", name, "--yes", check=0)

    def kill_at(self, step, before):
        name = f"killed-at-{step}"
        slow_copy(self.folder, 4 if step == "build" else 1, name)
        process, operation = self.begin(name, "--env", "SLOW_START_MS=1500")
        with SteadyCaller(self.sigil.endpoint("steady"), "echo", {"text": "x"}) as caller:
            self.wait_for_step(operation, step)
            self.sigil.kill_sigild()
            calls = caller.calls
            wait_until(lambda: caller.calls > calls + 10, 10, "calls go on without sigild")
            self.sigil.start()
            self.check_outcome(name, process)
            self.assertEqual([], caller.failures, f"calls to another deployment, killed at {step}")
        wait_until(lambda: engine_api.snapshot(self.sigil.label) == before, 60,
                   f"as before, killed at {step}: {engine_api.snapshot(self.sigil.label)} against {before}")

    def test_at_every_step_of_a_deploy(self):
        before = engine_api.snapshot(self.sigil.label)
        for step in STEPS:
            with self.subTest(step=step):
                self.kill_at(step, before)

    def test_a_cancelled_build_ends_within_a_second(self):
        before = engine_api.snapshot(self.sigil.label)
        slow_copy(self.folder, 120, "cancelled")
        process, operation = self.begin("cancelled")
        self.wait_for_step(operation, "build")
        wait_until(lambda: "building cancelled" in self.sigil.cli("operation", "logs", operation).stdout, 60, "the build's first line")
        self.sigil.cli("operation", "cancel", operation, check=0)
        since = time.monotonic()
        wait_until(lambda: self.sigil.cli_json("operation", "show", operation)["state"] == "cancelled", 10, "cancelled")
        self.assertLess(time.monotonic() - since, 1.0)
        process.communicate(timeout=30)
        self.assertEqual(1, process.returncode)
        wait_until(lambda: engine_api.snapshot(self.sigil.label) == before, 20, "nothing left of a cancelled deploy")


class KillProxy(unittest.TestCase):
    def setUp(self):
        self.sigil = Sigil(os.environ["SIGIL_BUILD"])
        self.addCleanup(self.sigil.close)
        self.sigil.start()
        self.sigil.deploy(TINY, "steady")
        self.session = McpClient(self.sigil.endpoint("steady")).initialize()

    def proxy_pids(self):
        """(parent, worker)."""
        pids = [pid for pid, command in self.sigil.processes() if Path(command.split(" ")[0]).name == "sigil-proxy"]
        parent = self.sigil.proxy_pid()
        workers = [pid for pid in pids if pid != parent]
        return (parent, workers[0]) if parent in pids and len(workers) == 1 else None

    def seconds_until_answered(self):
        since = time.monotonic()
        while time.monotonic() - since < 15:
            try:
                self.session.call("echo", {"text": "x"})
                return time.monotonic() - since
            except NOT_ANSWERED:
                time.sleep(0.01)
        raise AssertionError("no call was answered within 15 s")

    def check_kill(self, which):
        parent, worker = wait_until(self.proxy_pids, 10, "one parent and one worker")
        os.kill({"parent": parent, "worker": worker}[which], signal.SIGKILL)
        self.assertLess(self.seconds_until_answered(), 1.0, f"after the {which} was killed")

    def test_parent_then_worker_while_sigild_is_away(self):
        self.sigil.stop_sigild()
        self.assertLess(self.seconds_until_answered(), 1.0, "without sigild")
        self.check_kill("parent")
        self.check_kill("worker")
        self.check_kill("parent")
        McpClient(self.sigil.endpoint("steady")).initialize().call("echo", {"text": "a new session"})


class KillReplica(unittest.TestCase):
    def test_another_takes_its_place_without_waiting_for_the_periodic_look(self):
        with Sigil(os.environ["SIGIL_BUILD"], {"SIGIL_RUNTIME_RECONCILE_EVERY": "60s"}) as sigil:
            sigil.deploy(TINY, "steady")
            McpClient(sigil.endpoint("steady")).initialize().call("echo", {"text": "x"})
            (container,) = engine_api.containers(sigil.label)
            engine_api.call("POST", f"/containers/{container['Id']}/kill")
            since = time.monotonic()

            def is_answered():
                try:
                    return McpClient(sigil.endpoint("steady")).initialize().call("echo", {"text": "x"})
                except NOT_ANSWERED:
                    return None
            wait_until(is_answered, 30, "a replica again")
            took = time.monotonic() - since
            print(f"    a killed replica was answered for again after {took:.1f} s", flush=True)
            self.assertLess(took, 5.0, "2 s on a machine that is not busy")


class KillEverything(unittest.TestCase):
    def test_a_start_brings_everything_back_under_its_url_and_key(self):
        with Sigil(os.environ["SIGIL_BUILD"]) as sigil:
            sigil.deploy(TINY, "steady", "--env", "SOME=thing")
            key = sigil.key()
            for pid, _command in sigil.processes():
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            sigil.process.wait()
            for container in engine_api.containers(sigil.label):
                engine_api.call("POST", f"/containers/{container['Id']}/kill")
            sigil.start(90)
            self.assertEqual(key, sigil.key())
            wait_until(lambda: sigil.cli("tool", "call", "steady", "echo", "--arg", "text=back").stdout == "back\n", 60,
                       "the deployment is back")
            self.assertIn("SOME", sigil.cli("tool", "call", "steady", "environment", check=0).stdout)


if __name__ == "__main__":
    unittest.main()
