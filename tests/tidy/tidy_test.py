#!/usr/bin/env python3
"""The style guide as a test: who may include whom, no include circles, nothing detached, no sleep in a test,
no test file that the build forgot, no landed migration edited, and a ratchet on long functions."""
import hashlib
import json
import os
import re
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent

MAY_INCLUDE = {
    "base": {"base"},
    "registry-db": {"base", "registry-db"},
    "builder": {"base", "builder"},
    "runtime": {"base", "runtime"},
    "proxy": {"base", "proxy"},
    "cli": {"base", "cli"},
    "controlplane": {"base", "registry-db", "builder", "runtime", "controlplane"},
}
# Third-party headers and the folders they are at home in.
AT_HOME = {
    r"pqxx/": ("registry-db/",),
    r"pistache/": ("controlplane/api/",),
    r"curl/curl\.h": ("base/http/",),
    r"yaml-cpp/": ("base/config/", "builder/"),
    r"archive(_entry)?\.h": ("builder/", "cli/", "tests/"),
    r"spdlog/": ("base/log.cc",),
    r"CLI/": ("cli/", "controlplane/main.cc"),
    r"openssl/": ("base/crypto/", "proxy/"),
    r"prometheus/": ("base/metrics/",),
}
SCREEN = 60  # lines; a function over it counts for the ratchet


def tracked(*patterns):
    names = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns], cwd=ROOT,
                           capture_output=True, text=True, check=True).stdout.split("\n")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def sources():
    return tracked("*.cc", "*.h")


def top(path):
    return path.relative_to(ROOT).parts[0]


def includes(path):
    return re.findall(r'^\s*#\s*include\s+"([^"]+)"', path.read_text(errors="replace"), re.M)


def is_test(path):
    return top(path) == "tests" or re.search(r"_test\.cc$|^test_|_test_support\.", path.name) is not None


def without_comments(text):
    return re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.S)


def long_functions(path):
    """Bodies longer than a screen: counts lines between a line that opens a brace at column 0-2 of a function and its close."""
    count, start = 0, None
    for number, line in enumerate(path.read_text(errors="replace").split("\n")):
        if start is None and re.match(r"^(?!namespace|struct|class|enum|union|extern|constexpr|const |static const)\S.*\)( const)?( noexcept)?( override)? \{$", line):
            start = number
        elif start is not None and line == "}":
            count += number - start > SCREEN
            start = None
    return count


class Walls(unittest.TestCase):
    def test_folders_include_only_what_the_map_allows(self):
        broken = []
        for path in sources():
            allowed = MAY_INCLUDE.get(top(path))
            if allowed is None or is_test(path):
                continue
            for name in includes(path):
                if "/" in name and name.split("/")[0] not in allowed:
                    broken.append(f"{path.relative_to(ROOT)} includes {name}")
        self.assertEqual([], broken)

    def test_third_party_headers_stay_at_home(self):
        broken = []
        for path in sources():
            if is_test(path):
                continue
            relative = str(path.relative_to(ROOT))
            for name in re.findall(r"^\s*#\s*include\s+<([^>]+)>", path.read_text(errors="replace"), re.M):
                for pattern, homes in AT_HOME.items():
                    if re.match(pattern, name) and not relative.startswith(homes):
                        broken.append(f"{relative} includes <{name}>")
        self.assertEqual([], broken)

    def test_no_include_circles(self):
        graph = {str(p.relative_to(ROOT)): includes(p) for p in sources() if p.suffix == ".h"}
        state, circles = {}, []

        def visit(name, trail):
            if state.get(name) == "done" or name not in graph:
                return
            if name in trail:
                circles.append(" -> ".join(trail[trail.index(name):] + [name]))
                return
            for other in graph[name]:
                visit(other, trail + [name])
            state[name] = "done"

        for name in graph:
            visit(name, [])
        self.assertEqual([], circles)

    def test_headers_of_ours_are_included_from_the_root(self):
        broken = [f"{p.relative_to(ROOT)} includes {n}" for p in sources() for n in includes(p)
                  if not (ROOT / n).exists()]
        self.assertEqual([], broken)


class Habits(unittest.TestCase):
    def test_nothing_is_detached_and_no_shell_runs(self):
        pattern = re.compile(r"\.detach\(\)|\bstd::system\(|\bpopen\(|std::regex|std::views")
        broken = [str(p.relative_to(ROOT)) for p in sources() if pattern.search(without_comments(p.read_text(errors="replace")))]
        self.assertEqual([], broken)

    def test_no_sleep_in_unit_tests(self):
        pattern = re.compile(r"\bsleep_for\(|\busleep\(|[^_]\bsleep\(")
        broken = [str(p.relative_to(ROOT)) for p in sources() if p.name.endswith("_test.cc") and
                  "sleep_for" not in p.name and pattern.search(without_comments(p.read_text(errors="replace")))]
        self.assertEqual([], sorted(set(broken) - set(json.loads((HERE / "ratchet.json").read_text())["sleeping_tests"])))

    def test_every_test_file_is_built(self):
        listed = " ".join(p.read_text() for p in tracked("*CMakeLists.txt"))
        forgotten = [str(p.relative_to(ROOT)) for p in sources() if
                     (p.name.endswith("_test.cc") and p.name not in listed) or
                     (p.name.endswith("_fuzz.cc") and f"sigil_fuzz({p.name[:-8]} " not in listed)]
        self.assertEqual([], forgotten)

    def test_long_functions_do_not_grow_in_number(self):
        count = sum(long_functions(p) for p in sources() if not is_test(p))
        limit = json.loads((HERE / "ratchet.json").read_text())["long_functions"]
        self.assertLessEqual(count, limit, f"{count} functions over {SCREEN} lines, the ratchet allows {limit}")

    def test_nothing_unfinished_is_left(self):
        pattern = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
        broken = [str(p.relative_to(ROOT)) for p in sources() if pattern.search(p.read_text(errors="replace"))]
        self.assertEqual([], broken)


class Migrations(unittest.TestCase):
    def test_landed_migrations_are_unedited(self):
        """migrations.json lists what landed. SIGIL_REFRESH_GOLDEN=1 adds a new file to it; an edited one is always refused."""
        folder = ROOT / "registry-db" / "migrations"
        now = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.glob("*.sql"))}
        numbers = [name.split("_")[0] for name in now]
        self.assertEqual([f"{i + 1:04}" for i in range(len(now))], numbers, "numbered without gaps")
        known = json.loads((HERE / "migrations.json").read_text())
        if os.environ.get("SIGIL_REFRESH_GOLDEN"):
            known = {**now, **known}
            (HERE / "migrations.json").write_text(json.dumps(known, indent=1) + "\n")
        self.assertEqual(known, now, "a landed migration was edited, or a new one is not listed in tests/tidy/migrations.json")


class Goldens(unittest.TestCase):
    def test_every_golden_is_read_by_a_test(self):
        texts = " ".join(p.read_text(errors="replace") for p in tracked("*.cc", "*.py", "*.txt", "*.sh")
                         if is_test(p) or p.suffix != ".cc")
        unread = [str(p.relative_to(ROOT)) for p in tracked("tests/golden/*")
                  if p.parent.name not in texts and p.name not in texts]
        self.assertEqual([], unread)


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=1))
