#!/usr/bin/env python3
"""Runs the end-to-end tests against the binaries of one build folder and prints `N passed, N failed`.
Each test brings a Sigil of its own (data directory, ports, instance label) and takes it away again.

  tests/e2e/run.py --build build/release [--only clients] [--list]
"""
import argparse
import os
import sys
import time
import unittest
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
PROGRAMS = ("cli/sigil", "controlplane/sigild", "proxy/sigil-proxy", "builder/scan/sigil-scan",
            "runtime/shim/sigil-shim")


class Result(unittest.TestResult):
    """One line a test, its time, and the words of a failure at once."""

    def __init__(self):
        super().__init__()
        self.times = []
        self.passed = 0
        self._since = 0.0

    def startTest(self, test):
        super().startTest(test)
        self._since = time.monotonic()
        print(f"{test.id()} …", flush=True)

    def _end(self, test, word):
        seconds = time.monotonic() - self._since
        self.times.append((seconds, test.id()))
        print(f"  {word} in {seconds:.1f} s", flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1
        self._end(test, "passed")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._end(test, "FAILED")
        print(self.failures[-1][1], flush=True)

    def addError(self, test, err):
        super().addError(test, err)
        self._end(test, "FAILED")
        print(self.errors[-1][1], flush=True)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._end(subtest, "FAILED")
            print((self.failures + self.errors)[-1][1], flush=True)

    def failed(self):
        return len(self.failures) + len(self.errors)


def flat(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from flat(item)
        else:
            yield item


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, help="build folder with the four programs")
    parser.add_argument("--only", action="append", help="only tests whose name holds this text, may be repeated")
    parser.add_argument("--list", action="store_true", help="name the tests and stop")
    options = parser.parse_args()
    build = Path(options.build).resolve()
    missing = [name for name in PROGRAMS if not (build / name).exists()]
    if missing and not options.list:
        parser.error(f"{build} has no {', '.join(missing)}: build them first")
    os.environ["SIGIL_BUILD"] = str(build)
    sys.path.insert(0, str(FOLDER))
    suite = unittest.defaultTestLoader.discover(str(FOLDER), pattern="test_*.py", top_level_dir=str(FOLDER))
    if options.only:
        suite = unittest.TestSuite(test for test in flat(suite) if any(word in test.id() for word in options.only))
    if options.list:
        print("\n".join(test.id() for test in flat(suite)))
        return 0
    result = Result()
    suite.run(result)
    print("longest: " + ", ".join(f"{name.split('.')[-1]} {seconds:.0f} s"
                                  for seconds, name in sorted(result.times, reverse=True)[:5]))
    print(f"{result.passed} passed, {result.failed()} failed")
    return 1 if result.failed() or result.passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
