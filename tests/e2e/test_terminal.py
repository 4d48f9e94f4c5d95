"""`sigil` on a real terminal (a pseudo-terminal): the live picture, secrets without echo, and what Ctrl-C does."""
import os
import pty
import select
import shutil
import signal
import tempfile
import time
import unittest

from support.sigil import ROOT, Sigil, wait_until
from test_kill import slow_copy

TINY = ROOT / "tests/fixtures/tiny-http"


class OnTerminal:
    """A program with a terminal of its own."""

    def __init__(self, sigil, *arguments):
        environment = {**sigil.environment, "SIGIL_URL": sigil.url, "SIGIL_API_KEY": sigil.key(), "TERM": "xterm"}
        program = str(sigil.programs["sigil"])
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            # As a shell at a terminal does; a gate that runs in the background passes "ignored" on.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.execve(program, [program, *map(str, arguments)], environment)
        self.seen = ""
        self.status = None

    def read(self, seconds):
        """Whether anything (or the end) came; what came is in `seen`."""
        if not select.select([self.terminal], [], [], seconds)[0]:
            return False
        try:
            self.seen += os.read(self.terminal, 65536).decode(errors="replace")
        except OSError:  # the other side has gone
            return False
        return True

    def wait_for(self, text, seconds=60):
        deadline = time.monotonic() + seconds
        while text not in self.seen:
            if time.monotonic() > deadline:
                raise AssertionError(f"'{text}' was not seen within {seconds} s in:\n{self.seen[-3000:]}")
            self.read(0.2)

    def type(self, text):
        os.write(self.terminal, text.encode())

    def end(self, seconds=60):
        """The exit status."""
        def has_ended():
            self.read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
            return pid != 0
        if self.status is None:
            wait_until(has_ended, seconds, f"the end of the program; so far:\n{self.seen[-2000:]}")
            while self.read(0.05):
                pass
        return self.status

    def close(self):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.terminal)


class Terminal(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sigil = Sigil(os.environ["SIGIL_BUILD"])
        cls.addClassCleanup(cls.sigil.close)
        cls.sigil.start()

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="sigil-terminal-")
        self.addCleanup(shutil.rmtree, self.folder)

    def on_terminal(self, *arguments):
        program = OnTerminal(self.sigil, *arguments)
        self.addCleanup(program.close)
        return program

    def state_of(self, name):
        items = self.sigil.cli_json("operation", "list")["items"]
        return next(item["state"] for item in items if (item.get("deployment") or {}).get("name") == name)

    def test_a_deploy_draws_its_steps_and_asks_for_the_secret_without_echo(self):
        program = self.on_terminal("deploy", TINY, "--name", "drawn", "--secret", "TOKEN")
        program.wait_for("TOKEN: ")
        program.type("typed-secret\n")
        self.assertEqual(0, program.end(120), program.seen)
        self.assertNotIn("typed-secret", program.seen)
        for part in ("deploying drawn", "✓", "build", "\x1b[", "drawn is healthy"):
            self.assertIn(part, program.seen)

    def test_ctrl_c_leaves_the_operation_running_unless_told_otherwise(self):
        slow_copy(self.folder, 5, "detached")
        program = self.on_terminal("deploy", self.folder, "--name", "detached")
        program.wait_for("building detached")
        program.type("\x03")
        program.wait_for("Cancel it now? [y/N] ")
        program.type("\n")
        self.assertEqual(1, program.end())
        self.assertIn("sigil operation logs -f op_", program.seen)
        wait_until(lambda: self.state_of("detached") == "succeeded", 120, "the detached deploy succeeds")

    def test_ctrl_c_and_yes_cancels(self):
        slow_copy(self.folder, 120, "given-up")
        program = self.on_terminal("deploy", self.folder, "--name", "given-up")
        program.wait_for("building given-up")
        program.type("\x03")
        program.wait_for("Cancel it now? [y/N] ")
        program.type("y\n")
        self.assertEqual(1, program.end())
        wait_until(lambda: self.state_of("given-up") == "cancelled", 10, "cancelled")

    def test_a_second_ctrl_c_ends_the_program_at_once(self):
        slow_copy(self.folder, 5, "twice")
        program = self.on_terminal("deploy", self.folder, "--name", "twice")
        program.wait_for("building twice")
        program.type("\x03")
        program.wait_for("Cancel it now? [y/N] ")
        program.type("\x03")
        self.assertEqual(-signal.SIGINT, program.end())

    def test_delete_asks(self):
        self.sigil.deploy(TINY, "asked")
        program = self.on_terminal("deployment", "delete", "asked")
        program.wait_for("[y/N] ")
        program.type("n\n")
        self.assertEqual(1, program.end())
        self.assertEqual("healthy", self.sigil.cli_json("deployment", "show", "asked")["state"])


if __name__ == "__main__":
    unittest.main()
