"""The official conformance suite against a dual-era fixture: directly, through Sigil as an HTTP server, and through Sigil as a
stdio server behind the shim. Over HTTP nothing that passes directly may fail; over stdio the checks lost are printed and must be
the ones listed (with reasons) in tests/fixtures/dual-era/lost-over-stdio.json."""
import json
import os
import subprocess
import unittest
import urllib.request

from conformance import REQUIREMENT_SETS, lost, run_suite
from support.packages import conformance_suite, npm_install_fixture
from support.sigil import NODE, ROOT, Sigil, free_port, wait_until

FIXTURE = ROOT / "tests/fixtures/dual-era"


def answers(url):
    try:
        urllib.request.urlopen(url, timeout=2)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


class Conformance(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.suite = conformance_suite()
        folder = npm_install_fixture(FIXTURE)
        cls.port = free_port()
        cls.fixture = subprocess.Popen([str(NODE), "server.mjs", "--http"], cwd=folder,
                                       env={"PATH": os.environ["PATH"], "PORT": str(cls.port), "HOST": "127.0.0.1"},
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cls.addClassCleanup(cls.fixture.wait)
        cls.addClassCleanup(cls.fixture.kill)
        cls.direct_url = f"http://127.0.0.1:{cls.port}/mcp"
        wait_until(lambda: answers(cls.direct_url), 20, "the fixture answers")
        cls.direct = {name: run_suite(cls.suite, str(NODE), cls.direct_url, name) for name in REQUIREMENT_SETS}
        cls.sigil = Sigil(os.environ["SIGIL_BUILD"])
        cls.addClassCleanup(cls.sigil.close)
        cls.sigil.start()
        cls.sigil.deploy(FIXTURE, "dual-http", "--arg", "--http")
        cls.sigil.deploy(FIXTURE, "dual-stdio")

    def test_the_fixture_itself_reaches_the_published_baseline(self):
        self.assertEqual((84, 0), self.direct["2025-11-25"][2:])
        self.assertEqual((164, 30), self.direct["2026-07-28"][2:])

    def test_over_http_nothing_is_lost(self):
        for name in REQUIREMENT_SETS:
            # Once more directly, for the time: the machine may be busier now than it was at the beginning.
            _, direct_seconds, direct_passed, direct_failed = run_suite(self.suite, str(NODE), self.direct_url, name)
            through, seconds, passed, failed = run_suite(self.suite, str(NODE), self.sigil.endpoint("dual-http"), name)
            missing = lost(self.direct[name][0], through)
            print(f"conformance {name} over HTTP: direct {direct_passed}/{direct_failed} in {direct_seconds:.1f} s, "
                  f"through Sigil {passed}/{failed} in {seconds:.1f} s; lost {len(missing)}: {', '.join(missing) or 'none'}")
            self.assertEqual([], missing)
            self.assertLessEqual(seconds, 2 * direct_seconds + 2)

    def test_over_stdio_only_what_is_listed_is_lost(self):
        listed = json.loads((FIXTURE / "lost-over-stdio.json").read_text())
        for name in REQUIREMENT_SETS:
            direct, direct_seconds, direct_passed, direct_failed = self.direct[name]
            through, seconds, passed, failed = run_suite(self.suite, str(NODE), self.sigil.endpoint("dual-stdio"), name)
            missing = lost(direct, through)
            print(f"conformance {name} over stdio: direct {direct_passed}/{direct_failed} in {direct_seconds:.1f} s, "
                  f"through Sigil {passed}/{failed} in {seconds:.1f} s; lost {len(missing)}: {', '.join(missing) or 'none'}")
            self.assertEqual([], sorted(set(missing) - set(listed[name])))


if __name__ == "__main__":
    unittest.main()
