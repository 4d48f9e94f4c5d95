"""A value given by --secret reaches the server's process and nothing else: no log, no API answer, no image, no file in plain."""
import json
import os
import secrets
import tempfile
import unittest
import urllib.request
from pathlib import Path

from support import engine_api
from support.sigil import ROOT, Sigil

TINY = ROOT / "tests/fixtures/tiny-http"
READS = ("/api/v1/deployments", "/api/v1/deployments/keeper", "/api/v1/deployments/keeper/revisions",
         "/api/v1/deployments/keeper/replicas", "/api/v1/deployments/keeper/logs?after=0&limit=5000",
         "/api/v1/operations", "/api/v1/packages", "/api/v1/events?after=0", "/metrics")


class Secrets(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sigil = Sigil(os.environ["SIGIL_BUILD"])
        cls.addClassCleanup(cls.sigil.close)
        cls.sigil.start()
        cls.value = "s3cret-" + secrets.token_hex(12)
        done = cls.sigil.cli("deploy", TINY, "--name", "keeper", "--secret", "API_TOKEN=-", "--output", "json",
                             stdin=cls.value + "\n", check=0)
        cls.deployed = json.loads(done.stdout)
        cls.spoken = done.stdout + done.stderr

    def read(self, path):
        request = urllib.request.Request(self.sigil.url + path, headers={"Authorization": f"Bearer {self.sigil.key()}"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.read().decode(errors="replace")

    def test_the_server_has_it(self):
        called = self.sigil.cli("tool", "call", "keeper", "environment", check=0)
        self.assertIn("API_TOKEN", called.stdout)

    def test_no_answer_of_the_api_has_it(self):
        operation = self.deployed["operation"]["id"]
        for path in (*READS, f"/api/v1/operations/{operation}", f"/api/v1/operations/{operation}/events?after=0&limit=1000"):
            self.assertNotIn(self.value, self.read(path), path)
        self.assertEqual(["API_TOKEN"], json.loads(self.read("/api/v1/deployments/keeper"))["secrets"])
        self.assertNotIn(self.value, self.spoken)

    def test_no_image_has_it(self):
        for image in engine_api.images(self.sigil.label):
            for part in ("json", "history"):
                self.assertNotIn(self.value, json.dumps(engine_api.json_call("GET", f"/images/{image['Id']}/{part}")), part)

    def test_no_file_of_the_data_directory_has_it(self):
        needle, found = self.value.encode(), []
        for path in self.sigil.data_dir.rglob("*"):
            if path.is_file() and not path.is_symlink() and needle in path.read_bytes():
                found.append(str(path))
        self.assertEqual([], found)

    def test_a_value_on_the_command_line_is_refused(self):
        refused = self.sigil.cli("deploy", TINY, "--name", "never", "--secret", "API_TOKEN=visible")
        self.assertEqual(2, refused.returncode)
        self.assertIn("command line", refused.stderr)
        self.assertNotIn("visible", refused.stderr)

    def test_a_secret_from_a_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "token"
            path.write_text(self.value + "\n")
            self.sigil.deploy(TINY, "from-file", "--secret", f"API_TOKEN=@{path}")
        self.assertIn("API_TOKEN", self.sigil.cli("tool", "call", "from-file", "environment", check=0).stdout)


if __name__ == "__main__":
    unittest.main()
