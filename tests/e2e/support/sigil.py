"""A Sigil of its own for a test: real binaries, own data directory, free ports, own instance label; removed afterwards."""
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from . import engine_api

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "sigil"
NODE = Path(os.environ.get("SIGIL_DEPS_DIR", CACHE / "deps")) / "node-22.20.0" / "bin" / "node"
ROOT = Path(__file__).resolve().parents[3]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(question, seconds, what):
    """Asks until the answer is true; the answer is returned. Polling with a deadline, never a fixed sleep."""
    deadline = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.05)


class Sigil:
    """Use as a context manager. Settings are the SIGIL_… variables of docs/settings.md."""

    def __init__(self, build, settings=None):
        build = Path(build).resolve()
        self.programs = {"sigil": build / "cli/sigil", "sigild": build / "controlplane/sigild",
                         "sigil-proxy": build / "proxy/sigil-proxy", "sigil-scan": build / "builder/scan/sigil-scan",
                         "sigil-shim": build / "runtime/shim/sigil-shim"}
        self.data_dir = Path(tempfile.mkdtemp(prefix="sigil-e2e-"))
        os.chmod(self.data_dir, 0o755)
        self.home = self.data_dir / "home"
        (self.home / ".config/sigil").mkdir(parents=True)
        self.instance = "test" + secrets.token_hex(6)
        (self.data_dir / "instance").write_text(self.instance)
        self.label = f"io.sigil.instance={self.instance}"
        self.ports = {name: free_port() for name in ("listen", "api", "control")}
        self.url = f"http://127.0.0.1:{self.ports['listen']}"
        self.process = None
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.home), "SIGIL_DATA_DIR": str(self.data_dir),
            "SIGIL_LISTEN": f"127.0.0.1:{self.ports['listen']}", "SIGIL_API_LISTEN": f"127.0.0.1:{self.ports['api']}",
            "SIGIL_PROXY_CONTROL_LISTEN": f"127.0.0.1:{self.ports['control']}",
            "SIGIL_DOCKER_SOCKET": engine_api.SOCKET, "SIGIL_LOG_FORMAT": "json",
            "SIGIL_BUILDER_SHIM_FILE": str(self.programs["sigil-shim"]),
            "SIGIL_SCAN_BINARY": str(self.programs["sigil-scan"]),
            "SIGIL_PROXY_BINARY": str(self.programs["sigil-proxy"]), "SIGIL_ADMIN_KEY_FILE": str(self.home / ".config/sigil/credentials.json"),
            "SIGIL_RUNTIME_DRAIN_MAX": "2s", **_base_images(), **(settings or {})}

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    # sigild

    def start(self, seconds=60):
        log = open(self.data_dir / "sigild.log", "ab")
        self.process = subprocess.Popen([str(self.programs["sigild"])], env=self.environment, stdout=log, stderr=log,
                                        stdin=subprocess.DEVNULL, start_new_session=True)
        log.close()
        wait_until(lambda: self._is_healthy_or_dead(), seconds, f"sigild healthy; its log:\n{self.log_tail()}")

    def _is_healthy_or_dead(self):
        if self.process.poll() is not None:
            raise AssertionError(f"sigild ended with {self.process.returncode}; its log:\n{self.log_tail()}")
        return self.health() == "ok"

    def health(self):
        try:
            with urllib.request.urlopen(self.url + "/health", timeout=5) as answer:
                return json.load(answer)["status"]
        except (urllib.error.URLError, ConnectionError, TimeoutError, ValueError, KeyError):
            return None

    def kill_sigild(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop_sigild(self):
        self.process.terminate()
        self.process.wait(60)

    def log_tail(self, lines=30):
        try:
            return "\n".join((self.data_dir / "sigild.log").read_text(errors="replace").split("\n")[-lines:])
        except FileNotFoundError:
            return ""

    # the CLI

    def cli(self, *arguments, timeout=600, stdin=None, check=None):
        """Runs `sigil`; check=0 asserts the exit status. Returns the finished process with text output."""
        done = subprocess.run([str(self.programs["sigil"]), *map(str, arguments)], capture_output=True, text=True,
                              timeout=timeout, input=stdin, stdin=subprocess.DEVNULL if stdin is None else None,
                              env={**self.environment, "SIGIL_URL": self.url, "SIGIL_API_KEY": self.key()}, check=False)
        if check is not None and done.returncode != check:
            raise AssertionError(f"sigil {' '.join(map(str, arguments))}: exit {done.returncode}, expected {check}\n"
                                 f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}\nsigild:\n{self.log_tail(15)}")
        return done

    def cli_json(self, *arguments, **options):
        done = self.cli(*arguments, "--output", "json", **{"check": 0, **options})
        return json.loads(done.stdout)

    def deploy(self, source, name, *arguments, **options):
        return self.cli_json("deploy", source, "--name", name, *arguments, **options)

    # the API

    def read(self, path):
        request = urllib.request.Request(self.url + path, headers={"Authorization": "Bearer " + self.key()})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read().decode()

    def api(self, path, **query):
        return json.loads(self.read(path + ("?" + urllib.parse.urlencode(query) if query else "")))

    def endpoint(self, name):
        return f"{self.url}/{name}/mcp"

    def key(self):
        path = self.home / ".config/sigil/credentials.json"
        return json.loads(path.read_text())["key"] if path.exists() else ""

    # processes of ours, for kill tests

    def proxy_pid(self):
        return int((self.data_dir / "proxy/sigil-proxy.pid").read_text())

    def processes(self):
        """(pid, command line) of everything that runs with our data directory."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                environment = (entry / "environ").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if str(self.data_dir) in command or f"SIGIL_DATA_DIR={self.data_dir}\0" in environment:
                found.append((int(entry.name), command.strip()))
        return found

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for _ in range(5):  # a proxy worker that lost its parent puts up a new one
            remaining = self.processes()
            if not remaining:
                break
            for pid, _command in remaining:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(0.2)
        engine_api.remove_labelled(self.label)
        shutil.rmtree(self.data_dir, ignore_errors=True)


def _base_images():
    path = Path(os.environ.get("SIGIL_BASE_IMAGES_FILE", CACHE / "base-images.map"))
    if not path.exists():
        return {}
    pairs = [line for line in path.read_text().split("\n") if line]
    return {"SIGIL_BUILDER_BASE_IMAGES": ",".join(pairs)} if pairs else {}
