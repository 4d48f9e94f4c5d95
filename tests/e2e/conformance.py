#!/usr/bin/env python3
"""Runs the official MCP conformance suite directly against a server and through Sigil, and compares check by check:
nothing that passes directly may fail through Sigil, and the proxied run may take at most twice as long plus two seconds.
The suite's own exit code and "0 failed" are not enough: checks that vanish count as lost here."""
import argparse
import collections
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REQUIREMENT_SETS = ("2025-11-25", "2026-07-28")
SUITE = "@modelcontextprotocol/conformance@0.2.0-alpha.12"


def run_suite(suite_dir, node, url, requirements):
    """Returns (successes by (scenario, check id), seconds, total passed, total failed)."""
    with tempfile.TemporaryDirectory() as out:
        started = time.monotonic()
        command = [node, str(Path(suite_dir) / "node_modules/@modelcontextprotocol/conformance/dist/index.js"), "server",
                   "--url", url, "--requirements", requirements, "-o", out]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
        seconds = time.monotonic() - started
        successes = collections.Counter()
        for path in Path(out).glob("*/checks.json"):
            scenario = re.sub(r"-\d{4}-\d\d-\d\dT.*$", "", path.parent.name)
            for check in json.loads(path.read_text()):
                if check.get("status") == "SUCCESS":
                    successes[(scenario, check["id"])] += 1
        total = re.search(r"Total: (\d+) passed, (\d+) failed", done.stdout)
        if not total:
            raise RuntimeError(f"the suite printed no total for {url}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return successes, seconds, int(total[1]), int(total[2])


def lost(direct, through):
    """Checks that passed directly and not, or less often, through Sigil."""
    return sorted(f"{scenario}: {check}" for (scenario, check), count in direct.items()
                  if through.get((scenario, check), 0) < count)


def compare(suite_dir, node, direct_url, through_url, requirements, is_time_judged=True):
    """Returns (report lines, list of lost checks, is slow)."""
    direct, direct_seconds, direct_passed, direct_failed = run_suite(suite_dir, node, direct_url, requirements)
    through, seconds, passed, failed = run_suite(suite_dir, node, through_url, requirements)
    limit = 2 * direct_seconds + 2
    report = [f"{requirements}: direct {direct_passed}/{direct_failed} in {direct_seconds:.1f} s, "
              f"through Sigil {passed}/{failed} in {seconds:.1f} s (limit {limit:.1f} s)"]
    return report, lost(direct, through), is_time_judged and seconds > limit


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suite-dir", required=True, help="folder where the suite is installed")
    parser.add_argument("--node", default="node")
    parser.add_argument("--direct", required=True)
    parser.add_argument("--through", required=True)
    options = parser.parse_args()
    is_bad = False
    for requirements in REQUIREMENT_SETS:
        report, missing, is_slow = compare(options.suite_dir, options.node, options.direct, options.through, requirements)
        print("\n".join(report + [f"  lost {check}" for check in missing] + ["  too slow"] * is_slow))
        is_bad = is_bad or bool(missing) or is_slow
    return 1 if is_bad else 0


if __name__ == "__main__":
    sys.exit(main())
