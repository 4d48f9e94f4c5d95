"""Nothing unsafe is deployed: the flow is shown, the mended source goes through, one person's word is not enough where two
could be asked, and the only admin may answer for a finding alone for a week."""
import json
import os
import shutil
import tempfile
import unittest
from pathlib import Path

from support.sigil import ROOT, Sigil

TINY = ROOT / "tests/fixtures/tiny-http"
UNSAFE = """
import { exec, execFile } from 'node:child_process';
const mcp = { registerTool(name, options, handler) { this[name] = { options, handler }; } };
mcp.registerTool('ping_host', { description: 'Pings a host' }, async ({ host }) => {
  return new Promise((done) => exec('ping -c1 ' + host, (error, out) => done({ content: [{ type: 'text', text: out }] })));
});
"""
MENDED = UNSAFE.replace("exec('ping -c1 ' + host,", "execFile('ping', ['-c1', '--', host],")


class Scan(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sigil = Sigil(os.environ["SIGIL_BUILD"])
        cls.addClassCleanup(cls.sigil.close)
        cls.sigil.start()

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name) / "server"
        shutil.copytree(TINY, self.folder)

    def add_to_server(self, code):
        text = (TINY / "server.mjs").read_text()
        (self.folder / "server.mjs").write_text(text + code)

    def refused(self, name):
        done = self.sigil.cli("deploy", self.folder, "--name", name, "--output", "json", check=1)
        report = json.loads(done.stdout)
        self.assertEqual(("E_SCAN_BLOCKED", "scan"), (report["error"]["code"], report["error"]["step"]), report)
        self.assertNotIn("build", [step["name"] for step in report["operation"]["steps"] if step["state"] == "succeeded"])
        return report["error"]

    def last_scan(self, name):
        return self.sigil.cli_json("scan", self.scan_ids(name)[0], check=None)

    def scan_ids(self, name):
        return [item["id"] for item in self.sigil.api("/api/v1/scans", deployment=name)["items"]]

    def test_a_flow_is_shown_and_the_mended_source_goes_through(self):
        self.add_to_server(UNSAFE)
        error = self.refused("pings")
        self.assertIn("SIG-CMD-001", error["message"])
        told = "\n".join(error["log_tail"])
        self.assertIn("server.mjs:", told)
        self.assertIn("fix:", told)
        scan = self.last_scan("pings")
        self.assertEqual("blocked", scan["verdict"])
        self.assertEqual("BLOCKED", scan["report"]["score"])
        self.add_to_server(MENDED)
        report = self.sigil.deploy(self.folder, "pings")
        self.assertEqual("succeeded", report["operation"]["state"])
        self.assertIn("scan", [step["name"] for step in report["operation"]["steps"]])

    def test_the_same_here_and_there(self):
        self.add_to_server(UNSAFE)
        self.refused("same")
        there = self.last_scan("same")["report"]["issues"]
        here = self.sigil.cli("scan", self.folder, "--output", "json", check=2)
        self.assertEqual(there, json.loads(here.stdout)["issues"])
        self.assertIn("policy: of ", here.stderr)
        sarif = json.loads(self.sigil.cli("scan", self.folder, "--output", "sarif", check=2).stdout)
        self.assertEqual("2.1.0", sarif["version"])

    def test_a_waiver_needs_a_second_person_or_a_lone_admin(self):
        self.add_to_server(UNSAFE)
        self.refused("waived")
        scan = self.last_scan("waived")
        issue = next(each for each in scan["report"]["issues"] if each["rule"] == "SIG-CMD-001")
        waiver = self.sigil.cli_json("waiver", "create", scan["id"], issue["id"][:12], "--reason", "known hosts only")
        self.assertEqual("waiting", waiver["state"])
        own = self.sigil.cli("waiver", "approve", waiver["id"])
        self.assertNotEqual(0, own.returncode)
        self.assertIn("somebody else", own.stderr)
        self.refused("waived")
        alone = self.sigil.cli_json("waiver", "create", scan["id"], issue["id"][:12], "--reason", "known hosts only", "--alone")
        self.assertEqual(("active", True), (alone["state"], alone["alone"]))
        self.sigil.deploy(self.folder, "waived")
        self.assertEqual(1, self.last_scan("waived")["report"]["counts"]["waived"])

    def test_rules_have_pages(self):
        page = self.sigil.read("/docs/rules/SIG-CMD-001")
        self.assertIn("Command injection", page)
