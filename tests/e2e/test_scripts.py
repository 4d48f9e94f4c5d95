"""What `make up` and `make down` believe about processes."""
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from support.sigil import ROOT


class Scripts(unittest.TestCase):
    def pid_of(self, pid, program):
        with tempfile.NamedTemporaryFile("w", suffix=".pid") as file:
            file.write(f"{pid}\n")
            file.flush()
            return subprocess.run(["bash", "-c", ". scripts/local.sh; pid_of \"$1\" \"$2\"", "_", file.name, program],
                                  cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()

    def test_a_process_that_ended_and_was_not_waited_for_does_not_run(self):
        pid = os.fork()
        if pid == 0:
            Path("/proc/self/comm").write_text("sigild")
            os._exit(0)
        self.addCleanup(os.waitpid, pid, 0)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # ended, and still to be waited for
        self.assertEqual("sigild", Path(f"/proc/{pid}/comm").read_text().strip())
        self.assertEqual("", self.pid_of(pid, "sigild"))

    def test_one_that_runs_does(self):
        self.assertEqual(str(os.getpid()), self.pid_of(os.getpid(), Path("/proc/self/comm").read_text().strip()))


if __name__ == "__main__":
    unittest.main()
