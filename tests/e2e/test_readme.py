"""The README's commands, as they stand there, against a Sigil of the test's own."""
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from support.sigil import ROOT, Sigil

README = ROOT / "README.md"
SAMPLE = ROOT / "tests/samples/hello-notes"
EXAMPLE_REPOSITORY = "https://git.example.org/team/server.git"
GIT = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "a",
       "GIT_COMMITTER_EMAIL": "a@example.org", "GIT_CONFIG_GLOBAL": os.devnull}


def commands():
    """Every `sigil …` line of the README's console blocks, comments gone."""
    blocks = re.findall(r"```console\n(.*?)```", README.read_text(), flags=re.S)
    found = []
    for line in "\n".join(blocks).split("\n"):
        match = re.match(r"(?:\$|Try it:)\s+(sigil .*)", line)
        if match:
            found.append(shlex.split(match[1], comments=True))
    return found


def git(folder, *arguments):
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, env={**os.environ, **GIT})


class Readme(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sigil = Sigil(os.environ["SIGIL_BUILD"])
        cls.addClassCleanup(cls.sigil.close)
        cls.sigil.start()
        cls.folder = tempfile.mkdtemp(prefix="sigil-readme-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)

    def repository(self):
        """A repository to take the place of the example's, with the tag that the README names."""
        folder = Path(self.folder) / "server"
        if not folder.exists():
            shutil.copytree(ROOT / "tests/fixtures/tiny-http", folder)
            git(folder, "init", "--quiet")
            git(folder, "add", ".")
            git(folder, "commit", "--quiet", "-m", "A server")
            git(folder, "tag", "v1.2.0")
        return f"file://{folder}"

    def run_as_written(self, words):
        words = [self.repository() if word == EXAMPLE_REPOSITORY else word for word in words]
        environment = {**self.sigil.environment, "SIGIL_URL": self.sigil.url, "SIGIL_API_KEY": self.sigil.key(),
                       "PATH": f"{self.sigil.programs['sigil'].parent}:{os.environ['PATH']}"}
        is_endless = "-f" in words
        try:
            return subprocess.run(words, cwd=SAMPLE, env=environment, capture_output=True, text=True, check=False,
                                  timeout=5 if is_endless else 600, stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired as over:
            self.assertTrue(is_endless, f"{words} did not end")
            return subprocess.CompletedProcess(words, 0, over.stdout, over.stderr)

    def test_every_command_works_as_it_stands(self):
        found = commands()
        self.assertGreaterEqual(len(found), 6)
        # What `make up` has deployed before anybody types.
        found.sort(key=lambda words: words[:2] != ["sigil", "deploy"])
        for words in found:
            with self.subTest(command=" ".join(words)):
                done = self.run_as_written(words)
                self.assertEqual(0, done.returncode, f"{done.stdout}\n{done.stderr}")

    def test_every_program_named_with_help_has_it(self):
        for noun in ("deploy", "deployment", "operation", "package", "tool", "snippet", "doctor", "completion"):
            self.assertIn("Usage: sigil " + noun, self.sigil.cli(noun, "--help", check=0).stdout)

    def test_completion_scripts_load(self):
        script = self.sigil.cli("completion", "bash", check=0).stdout
        subprocess.run(["bash", "-c", script + "\ncomplete -p sigil"], check=True, capture_output=True)


if __name__ == "__main__":
    unittest.main()
