#!/usr/bin/env python3
"""The formatter and clang-tidy over our C++.

  scripts/tidy.py            both, over every file that the build folder compiles
  scripts/tidy.py --format   the formatter alone, in a second

A file that passed is remembered by its content, that of the headers of ours it includes, and the rules; the next run checks
only what differs. What a file includes is what ninja wrote down when it built the folder (build/dev, else build/quick).
"""
import hashlib
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STAMPS = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "sigil" / "tidy"
# What g++ knows and clang does not is no finding; the compiler's own warnings are the build's business.
DROPPED = ("-Wno-unknown-warning-option", "-Wno-error")


def tracked(*patterns):
    return subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()


def is_formatted():
    return subprocess.run(["clang-format-14", "--dry-run", "-Werror", *tracked("*.cc", "*.h")], cwd=ROOT).returncode == 0


def build_folder():
    for name in ("build/dev", "build/quick"):
        if (ROOT / name / "compile_commands.json").exists():
            return ROOT / name
    sys.exit("tidy: no compile_commands.json; run `cmake --workflow --preset dev` first")


def compiled_files(build):
    """file → its object, both the latter as ninja names it"""
    commands = json.loads((build / "compile_commands.json").read_text())
    ours = set(tracked("*.cc"))
    files = {}
    for command in commands:
        path = os.path.relpath(command["file"], ROOT)
        if path in ours:
            files.setdefault(path, re.search(r" -o (\S+)", command["command"]).group(1))
    return files


def included_headers(build):
    """object → headers of ours, out of ninja's dependency log"""
    text = subprocess.run(["ninja", "-C", str(build), "-t", "deps"], check=True, capture_output=True, text=True).stdout
    headers, current = {}, None
    for line in text.splitlines():
        if line.startswith("    "):
            path = os.path.relpath(build / line.strip(), ROOT)
            if current is not None and not path.startswith(("..", "build")):
                current.add(path)
        elif ": #deps" in line:
            current = headers.setdefault(line.split(": #deps")[0], set())
    return headers


def stamp_of(file, headers, digests, rules):
    key = hashlib.sha256(rules)
    for path in [file, *sorted(headers)]:
        if path not in digests:
            digests[path] = hashlib.sha256((ROOT / path).read_bytes()).digest()
        key.update(path.encode() + b"\0" + digests[path])
    return STAMPS / key.hexdigest()[:32]


def check(build, file):
    run = subprocess.run(["clang-tidy-14", "-p", str(build), "--quiet", *(f"--extra-arg={flag}" for flag in DROPPED), file],
                         cwd=ROOT, capture_output=True, text=True)
    return run.returncode == 0, run.stdout


def main():
    if not is_formatted():
        sys.exit("tidy: run `make format`")
    if "--format" in sys.argv[1:]:
        return 0
    build = build_folder()
    STAMPS.mkdir(parents=True, exist_ok=True)
    rules = (ROOT / ".clang-tidy").read_bytes()
    objects, headers, digests = compiled_files(build), included_headers(build), {}
    everything = tracked("*.h")  # an object that was never built: any header may matter
    stamps = {file: stamp_of(file, headers.get(output, everything), digests, rules) for file, output in objects.items()}
    todo = sorted(file for file, stamp in stamps.items() if not stamp.exists())
    print(f"tidy: {len(stamps) - len(todo)} of {len(stamps)} files passed before, checking {len(todo)}", flush=True)
    failed = []
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for file, (passed, words) in zip(todo, pool.map(lambda file: check(build, file), todo)):
            if passed:
                stamps[file].touch()
            else:
                failed.append(file)
                print(words, flush=True)
    print(f"tidy: {len(failed)} files with findings" + "".join(f"\n  {file}" for file in failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
