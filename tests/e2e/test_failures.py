"""A deploy that fails names the step, the reason, the last lines of the log and what to try next, exits non-zero, and leaves
nothing behind in the engine."""
import json
import os
import tempfile
import unittest
from pathlib import Path

from support import engine_api
from support.sigil import ROOT, Sigil, wait_until

TINY = ROOT / "tests/fixtures/tiny-http"
HELD = ("containers", "networks", "images", "volumes")


def write(folder, files):
    for name, text in files.items():
        (Path(folder) / name).write_text(text)
    return folder


class Failures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sigil = Sigil(os.environ["SIGIL_BUILD"], {"SIGIL_RUNTIME_START_MAX": "8s"})
        cls.addClassCleanup(cls.sigil.close)
        cls.sigil.start()

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.before = engine_api.snapshot(self.sigil.label)

    def fail_deploy(self, source, name, *arguments):
        """The `error` of a deploy that must fail; says so in words as well, and leaves nothing behind."""
        done = self.sigil.cli("deploy", source, "--name", name, *arguments, "--output", "json", check=1)
        report = json.loads(done.stdout)
        error = report["error"]
        self.assertEqual("failed", report["operation"]["state"], report)
        for part in ("code", "step", "message", "hint"):
            self.assertTrue(error[part], f"no {part} in {error}")
        self.assertIn(error["code"], done.stderr)
        self.assertIn("next: ", done.stderr)
        failed = [step["name"] for step in report["operation"]["steps"] if step["state"] == "failed"]
        self.assertEqual([error["step"]], failed)
        wait_until(lambda: engine_api.snapshot(self.sigil.label) == self.before, 15,
                   f"nothing left of {name}: {engine_api.snapshot(self.sigil.label)} against {self.before}")
        return error

    def test_a_syntax_error_in_the_manifest(self):
        write(self.folder, {"smithery.yaml": "startCommand:\n  type: stdio\n   commandFunction: x\n", "package.json": "{}"})
        error = self.fail_deploy(self.folder, "bad-manifest")
        self.assertEqual(("E_MANIFEST_SYNTAX", "manifest"), (error["code"], error["step"]))
        self.assertRegex(error["message"], r"smithery\.yaml:\d+:\d+")

    def test_npm_install_fails(self):
        package = {"name": "bad-dependency", "version": "1.0.0", "main": "index.js", "type": "module",
                   "bin": {"bad-dependency": "index.js"},
                   "dependencies": {"@modelcontextprotocol/sdk": "999.0.0"}}
        write(self.folder, {"package.json": json.dumps(package), "index.js": "console.log(1)\n"})
        error = self.fail_deploy(self.folder, "bad-dependency")
        self.assertEqual(("E_BUILD", "build"), (error["code"], error["step"]))
        self.assertIn("999.0.0", "\n".join(error["log_tail"]))

    def test_the_server_exits_at_start(self):
        error = self.fail_deploy(TINY, "exits", "--env", "EXIT_AT_START=1")
        self.assertEqual("E_START_EXIT", error["code"])
        self.assertIn("3", error["message"])
        self.assertIn("cannot start: EXIT_AT_START is set", "\n".join(error["log_tail"]) + error["message"])

    def test_the_server_never_answers(self):
        error = self.fail_deploy(TINY, "mute", "--env", "NEVER_ANSWER=1")
        self.assertEqual("E_START_TIMEOUT", error["code"])

    def test_an_unknown_package_and_an_unknown_commit(self):
        error = self.fail_deploy("npm:@modelcontextprotocol/server-everything@999.0.0", "no-version")
        self.assertEqual(("E_FETCH", "fetch"), (error["code"], error["step"]))

    def test_a_failed_redeploy_leaves_the_old_revision_serving(self):
        self.sigil.deploy(TINY, "steady")
        self.before = engine_api.snapshot(self.sigil.label)
        self.fail_deploy(TINY, "steady", "--env", "EXIT_AT_START=1")
        called = self.sigil.cli("tool", "call", "steady", "echo", "--arg", "text=still here", check=0)
        self.assertEqual("still here\n", called.stdout)
        self.assertEqual(1, self.sigil.cli_json("deployment", "show", "steady")["revision"]["number"])
        self.sigil.cli("deployment", "delete", "steady", "--yes", check=0)

    def test_what_is_refused_before_it_begins(self):
        refused = self.sigil.cli("deploy", TINY, "--name", "api", "--output", "json")
        self.assertEqual(2, refused.returncode, refused.stderr)
        self.assertEqual("E_NAME", json.loads(refused.stdout)["error"]["code"])
        self.assertEqual(2, self.sigil.cli("deploy", "no-such-place").returncode)
        self.assertEqual(3, self.sigil.cli("deployment", "show", "no-such-deployment").returncode)
        self.assertEqual(self.before, engine_api.snapshot(self.sigil.label))


if __name__ == "__main__":
    unittest.main()
