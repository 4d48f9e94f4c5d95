"""Who runs as what, on a Sigil started the way `make up` does as root: sigild as a user of the engine's group, the proxy as one who
can open neither engine, database nor keys. And the systemd units, by systemd's own analyzer."""
import os
import shutil
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path

from support import engine_api
from support.mcp_http import McpClient
from support.sigil import ROOT, Sigil, wait_until

TINY = ROOT / "tests/fixtures/tiny-http"
# Users that every Debian has, in place of those `make up` would make.
USER, PROXY_USER = "daemon", "games"
FUNCTIONS = ". scripts/local.sh; . scripts/services.sh; "


class Installed(Sigil):
    """Started by the functions of scripts/services.sh."""

    def __init__(self, build):
        super().__init__(build)
        folder = self.data_dir / "programs"
        folder.mkdir()
        for name, path in self.programs.items():
            shutil.copy(path, folder / name)
        shutil.copy(Path(build) / "builder/sigil-git-credential", folder)
        self.programs = {name: folder / name for name in self.programs}
        self.environment.update({"SIGIL_PROGRAMS": str(folder), "SIGIL_USER": USER, "SIGIL_PROXY_USER": PROXY_USER,
                                 "SIGIL_NO_SYSTEMD": "1", "SIGIL_BUILDER_SHIM_FILE": str(folder / "sigil-shim"),
                                 "SIGIL_PROXY_BINARY": str(folder / "sigil-proxy")})

    def call(self, commands):
        subprocess.run(["bash", "-c", "set -euo pipefail; " + FUNCTIONS + commands], cwd=ROOT, check=True, env=self.environment)

    def start(self, seconds=90):
        self.call("prepare_data_dir; write_environment; start_services")
        wait_until(lambda: self.health() == "ok", seconds, f"healthy; {(self.data_dir / 'log/sigild.log')}")
        self.call("hand_over_first_key")


def status_of(pid):
    lines = Path(f"/proc/{pid}/status").read_text().split("\n")
    return {line.split(":")[0]: line.split(":", 1)[1].split() for line in lines if ":" in line}


def tried_as(name, what):
    """'ok', or the error's name, of a Python statement run by this user without any other group."""
    program = f"try:\n  {what}\n  print('ok')\nexcept OSError as e:\n  print(type(e).__name__)\n"
    done = subprocess.run(["setpriv", "--reuid", name, "--regid", name, "--clear-groups", "--no-new-privs", "--bounding-set=-all",
                           "python3", "-c", "import os, socket\n" + program], capture_output=True, text=True, check=False, cwd="/")
    return done.stdout.strip() or done.stderr


class WhoRunsAsWhat(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise AssertionError("this test switches users: run it as root")
        cls.sigil = Installed(os.environ["SIGIL_BUILD"])
        cls.addClassCleanup(cls.sigil.close)
        cls.sigil.start()

    def processes(self, name):
        found = [status_of(pid) for pid, command in self.sigil.processes() if Path(command.split(" ")[0]).name == name]
        self.assertTrue(found, f"no {name} runs")
        return found

    def uid(self, name):
        return subprocess.run(["id", "-u", name], capture_output=True, text=True, check=True).stdout.strip()

    def test_sigild_is_its_user_and_the_engines_group_and_no_more(self):
        engine_group = str(os.stat(engine_api.SOCKET).st_gid)
        for status in self.processes("sigild"):
            self.assertEqual({self.uid(USER)}, set(status["Uid"]))
            self.assertIn(engine_group, status["Groups"])
            self.assertEqual((["1"], "0" * 16, "0" * 16), (status["NoNewPrivs"], status["CapEff"][0], status["CapBnd"][0]))

    def test_both_processes_of_the_proxy_are_confined(self):
        processes = self.processes("sigil-proxy")
        self.assertEqual(2, len(processes), "a parent and a worker")
        for status in processes:
            self.assertEqual({self.uid(PROXY_USER)}, set(status["Uid"]))
            self.assertEqual([], [group for group in status["Groups"] if group != str(os.stat(self.sigil.data_dir / "proxy").st_gid)])
            self.assertEqual((["1"], ["2"]), (status["NoNewPrivs"], status["Seccomp"]), "no_new_privs, a filter")
            for capabilities in ("CapEff", "CapPrm", "CapBnd", "CapAmb"):
                self.assertEqual(f"{1 << 10:016x}", status[capabilities][0], f"{capabilities}: CAP_NET_BIND_SERVICE alone")

    def test_the_proxys_user_opens_neither_engine_nor_database_nor_keys(self):
        data = self.sigil.data_dir
        database = next((data / "postgres/run").glob(".s.PGSQL.*"))
        connect = "socket.socket(socket.AF_UNIX).connect({!r})"
        refused = {
            "engine": connect.format(engine_api.SOCKET),
            "database": connect.format(str(database).removesuffix(".lock")),
            "key of secrets": f"open({str(data / 'keys/secrets.key')!r})",
            "key of sessions": f"open({str(data / 'keys/session.key')!r})",
            "database's files": f"os.listdir({str(data / 'postgres')!r})",
            "environment of sigild": f"open({str(data / 'environment/sigild')!r})",
            "admin key": f"open({str(self.sigil.home / '.config/sigil/credentials.json')!r})",
            "data directory": f"open({str(data / 'new')!r}, 'w')",
        }
        for what, statement in refused.items():
            self.assertEqual("PermissionError", tried_as(PROXY_USER, statement), what)
        for what in ("control.token", "proxy/routes.json"):
            self.assertEqual("ok", tried_as(PROXY_USER, f"open({str(data / what)!r})"), what)
        self.assertEqual("ok", tried_as(USER, connect.format(str(database).removesuffix(".lock"))), "the control: sigild's user may")

    def test_it_deploys_and_the_proxy_outlives_sigild(self):
        self.sigil.deploy(TINY, "steady")
        client = McpClient(self.sigil.endpoint("steady")).initialize()
        self.sigil.call('stop_program "$data_dir/sigild.pid" sigild 30')
        client.call("echo", {"text": "without sigild"})
        self.sigil.start()
        client.call("echo", {"text": "with it again"})
        self.assertEqual("healthy", self.sigil.cli_json("deployment", "show", "steady")["state"])


class Units(unittest.TestCase):
    EXPOSURE = {"sigil-proxy.service": 20, "sigild.service": 25}  # tenths; 10.0 is a unit without any hardening

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="sigil-units-"))
        self.addCleanup(shutil.rmtree, self.folder)
        for name in ("sigild", "sigil-proxy"):
            (self.folder / name).write_text("#!/bin/sh\n")
            (self.folder / name).chmod(0o755)
        environment = {**os.environ, "SIGIL_PROGRAMS": str(self.folder), "SIGIL_USER": USER, "SIGIL_PROXY_USER": PROXY_USER}
        subprocess.run(["bash", "-c", f"set -euo pipefail; {FUNCTIONS} render_units {self.folder}"], cwd=ROOT, check=True, env=environment)

    def analyze(self, *arguments):
        done = subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def test_systemd_finds_nothing_wrong(self):
        status, words = self.analyze("verify", "--man=no", *map(str, self.folder.glob("*.service")))
        self.assertEqual((0, ""), (status, words))

    def test_systemd_calls_them_hardened(self):
        for name, most in self.EXPOSURE.items():
            status, words = self.analyze("security", "--offline=true", f"--threshold={most}", str(self.folder / name))
            print("    " + words.strip().split("\n")[-1].strip("→ "), flush=True)
            self.assertEqual(0, status, words)


if __name__ == "__main__":
    unittest.main()
