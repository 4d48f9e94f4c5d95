"""API keys from the command line: made, used, revoked, dead within two seconds everywhere; and a real Prometheus that scrapes with
the key and the configuration that `make up` writes."""
import json
import os
import signal
import subprocess
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

from support.packages import debian_packages
from support.sigil import ROOT, Sigil, free_port, wait_until


class Keys(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sigil = Sigil(os.environ["SIGIL_BUILD"])
        cls.addClassCleanup(cls.sigil.close)
        cls.sigil.start()

    def ask(self, path, key=None, **headers):
        """(status, answer); the answer is left open where it streams."""
        request = urllib.request.Request(self.sigil.url + path, headers=headers)
        if key:
            request.add_header("Authorization", "Bearer " + key)
        try:
            answer = urllib.request.urlopen(request, timeout=20)
            return answer.status, answer
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, None

    def make(self, *arguments):
        made = self.sigil.cli_json("key", "create", *arguments)
        return made["key"]["id"], made["secret"]

    def test_a_revoked_key_is_dead_within_two_seconds_everywhere(self):
        identity, key = self.make("reader", "--scope", "read", "--owner", "somebody")
        status, stream = self.ask("/api/v1/events", key, Accept="text/event-stream")
        self.assertEqual(200, status)
        self.addCleanup(stream.close)
        self.assertEqual(200, self.ask("/api/v1/deployments", key)[0])
        since = time.monotonic()
        self.sigil.cli("key", "revoke", identity, check=0)
        self.assertEqual(401, self.ask("/api/v1/deployments", key)[0])
        self.assertEqual(401, self.ask("/health", key)[0])
        while stream.read1(4096):  # ends when the proxy's next read for this key is refused
            pass
        took = time.monotonic() - since
        print(f"    a stream that a revoked key had opened ended after {took:.1f} s", flush=True)
        self.assertLess(took, 4.0, "2 s on a machine that is not busy")
        row = next(line for line in self.sigil.cli("key", "list", check=0).stdout.split("\n") if identity in line)
        for word in ("revoked", "read", "somebody"):
            self.assertIn(word, row)

    def test_an_expired_key_and_one_that_lacks_a_scope_are_refused(self):
        _identity, key = self.make("--scope", "read", "--expires", "1s")
        wait_until(lambda: self.ask("/api/v1/deployments", key)[0] == 401, 10, "expired")
        _identity, key = self.make("--scope", "metrics")
        self.assertEqual(403, self.ask("/api/v1/deployments", key)[0])
        self.assertEqual(200, self.ask("/metrics", key)[0])

    def test_a_key_file_is_its_owners_alone(self):
        path = self.sigil.home / "ci.key"
        shown = self.sigil.cli("key", "create", "ci", "--scope", "deploy", "--file", path, check=0)
        self.assertEqual(0o600, path.stat().st_mode & 0o777)
        self.assertNotIn(path.read_text(), shown.stdout + shown.stderr)
        self.assertEqual(200, self.ask("/api/v1/deployments", path.read_text())[0])
        self.assertEqual(2, self.sigil.cli("key", "create", "--scope", "read", "--file", path).returncode, "never overwritten")

    def write_scrape_configuration(self, folder):
        environment = {**self.sigil.environment, "SIGIL_URL": self.sigil.url, "SIGIL_API_KEY": self.sigil.key()}
        subprocess.run([str(ROOT / "scripts/prometheus.sh"), str(folder), str(self.sigil.programs["sigil"])], check=True,
                       env=environment)
        return folder / "prometheus.yml"

    def test_a_real_prometheus_scrapes_with_the_configuration_as_it_is(self):
        programs = debian_packages("prometheus") / "usr/bin"
        folder = self.sigil.home / "prometheus"
        file = self.write_scrape_configuration(folder)
        key = (folder / "metrics.key").read_text()
        self.write_scrape_configuration(folder)
        self.assertEqual(key, (folder / "metrics.key").read_text(), "a key that works stays")
        checked = subprocess.run([str(programs / "promtool"), "check", "config", str(file)], capture_output=True, text=True, check=False)
        self.assertEqual(0, checked.returncode, checked.stdout + checked.stderr)
        address = f"127.0.0.1:{free_port()}"
        log = open(self.sigil.data_dir / "prometheus.log", "wb")
        process = subprocess.Popen(
            [str(programs / "prometheus"), f"--config.file={file}", f"--storage.tsdb.path={folder}/data",
             f"--web.listen-address={address}"], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        log.close()
        self.addCleanup(process.wait, 30)
        self.addCleanup(process.send_signal, signal.SIGTERM)

        def value(query):
            url = f"http://{address}/api/v1/query?" + urllib.parse.urlencode({"query": query})
            try:
                with urllib.request.urlopen(url, timeout=5) as answer:
                    found = json.load(answer)["data"]["result"]
            except (OSError, ValueError):
                return None
            return {item["metric"].get("job", ""): item["value"][1] for item in found}
        wait_until(lambda: value("up") == {"sigil": "1", "sigil-proxy": "1"}, 60, f"both targets up: {value('up')}")
        self.assertTrue(value("sigil_controlplane_deployments"))
        metrics = self.ask("/metrics", key)[1].read()
        lint = subprocess.run([str(programs / "promtool"), "check", "metrics"], input=metrics, capture_output=True, check=False)
        self.assertEqual(0, lint.returncode, lint.stdout + lint.stderr)


if __name__ == "__main__":
    unittest.main()
