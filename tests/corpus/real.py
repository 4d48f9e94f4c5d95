#!/usr/bin/env python3
"""Deploys real published MCP servers one after another on a Sigil of its own and prints what became of each.

  tests/corpus/real.py --build build/release                 the list of real.tsv, table to docs/corpus-real.md
  tests/corpus/real.py --build … --only git --keep-log DIR  some of them, logs of failed deploys kept
  tests/corpus/real.py --build … --source file:///srv/x.git  sources of your own, nothing is written

Nothing is prepared for any of them: no configuration, no secrets, and arguments only where real.tsv says so. Not part of
the gate: it needs the package registries and half an hour.
"""
import argparse
import datetime
import json
import re
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent / "e2e"))
from support.sigil import ROOT, Sigil  # noqa: E402

TABLE = ROOT / "docs/corpus-real.md"


def read_list(name, prefix=""):
    """Lines of NAME: source, expected ("tools" or an error code), then arguments of `sigil deploy`."""
    entries = []
    for line in (FOLDER / name).read_text().split("\n"):
        if line.strip() and not line.startswith("#"):
            source, expected, *arguments = line.split("\t")
            entries.append((prefix + source.strip(), expected.strip(), arguments[0].split() if arguments else []))
    return entries


def deployment_name(number, source):
    plain = re.sub(r"[^a-z0-9]+", "-", re.sub(r"\.git$", "", source.lower()).split("/")[-1].split(":")[-1]).strip("-")
    return f"c{number}-{plain}"[:50].strip("-")


def error_code(text):
    found = re.search(r"\bE_[A-Z_]+\b", text)
    return found.group(0) if found else "?"


def deploy(sigil, number, source, arguments, log_folder):
    name = deployment_name(number, source)
    started = time.monotonic()
    done = sigil.cli("deploy", source, "--name", name, *arguments, timeout=1800)
    result = {"source": source, "arguments": arguments, "seconds": round(time.monotonic() - started), "code": "", "tools": 0,
              "plan": plan_line(done.stderr)}
    if done.returncode == 0:
        listed = sigil.cli("tool", "list", name, "--output", "json")
        result["tools"] = len(json.loads(listed.stdout)["items"]) if listed.returncode == 0 else 0
        result["state"] = sigil.cli_json("deployment", "show", name)["state"]
    else:
        result["state"] = "refused or failed"
        result["code"] = error_code(done.stderr + done.stdout)
        result["words"] = (done.stderr + done.stdout)[-1500:]
    if log_folder:
        (log_folder / f"{name}.log").write_text(done.stdout + done.stderr + operation_log(sigil))
    # Its image goes with it, so a long list needs no more disk than a short one.
    sigil.cli("deployment", "delete", name, "--yes", timeout=300)
    return result


def operation_log(sigil):
    items = sigil.cli_json("operation", "list")["items"]
    return "\n--- log ---\n" + sigil.cli("operation", "logs", items[0]["id"]).stdout if items else ""


def plan_line(text):
    found = re.search(r"manifest\s+(.*?(?:shim|http on \S+))", text)
    return found.group(1).strip() if found else ""


def is_as_expected(result, expected):
    return result["tools"] > 0 if expected == "tools" else result["code"] == expected


def table(results):
    lines = ["| source | arguments | state | code | tools | seconds |", "|---|---|---|---|---|---|"]
    for result, expected in results:
        mark = "" if is_as_expected(result, expected) else " **(expected " + expected + ")**"
        lines.append(f"| `{result['source']}` | {' '.join(result['arguments'])} | {result['state']}{mark} | {result['code']} | "
                     f"{result['tools'] or ''} | {result['seconds']} |")
    return "\n".join(lines)


def totals(results):
    servers = [(result, expected) for result, expected in results if expected == "tools"]
    refusals = [(result, expected) for result, expected in results if expected != "tools"]
    good = sum(is_as_expected(*pair) for pair in servers)
    right = sum(is_as_expected(*pair) for pair in refusals)
    return f"{good} of {len(servers)} servers deployed and listed tools; {right} of {len(refusals)} refused with the right code"


def page(results):
    day = datetime.date.today().isoformat()
    return f"""# Real servers, deployed as they are

`make corpus-real` deploys published npm and PyPI packages, one after another, on a Sigil of its own: no configuration, no
secrets, no edits; replicas without network. This table is the last run of it, {day}. Versions are those of that day.
Seconds are wall-clock of the whole deploy on a busy two-core machine, package download included.

{totals(results)}.

{table(results)}
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, help="build folder with the four programs")
    parser.add_argument("--only", action="append", help="only sources that hold this text, may be repeated")
    parser.add_argument("--source", action="append", help="deploy this instead of the list, may be repeated")
    parser.add_argument("--own", action="store_true", help="the projects of corpus.tsv instead of published servers")
    parser.add_argument("--keep-log", help="folder for the logs")
    options = parser.parse_args()
    if options.source:
        entries = [(source, "tools", []) for source in options.source]
    elif options.own:
        entries = read_list("corpus.tsv", f"{FOLDER}/projects/")
    else:
        entries = read_list("real.tsv")
    if options.only:
        entries = [entry for entry in entries if any(word in entry[0] for word in options.only)]
    log_folder = Path(options.keep_log) if options.keep_log else None
    if log_folder:
        log_folder.mkdir(parents=True, exist_ok=True)
    results = []
    with Sigil(options.build) as sigil:
        for number, (source, expected, arguments) in enumerate(entries):
            result = deploy(sigil, number, source, arguments, log_folder)
            results.append((result, expected))
            good = "ok  " if is_as_expected(result, expected) else "FAIL"
            print(f"{good} {result['seconds']:4} s {result['tools']:4} tools {source} {result['state']} {result['code']}", flush=True)
            if good == "FAIL":
                print("     " + result.get("words", "").strip().replace("\n", "\n     "), flush=True)
    print(totals(results))
    if not options.only and not options.source and not options.own:
        TABLE.write_text(page(results))
    return 0 if all(is_as_expected(*pair) for pair in results) else 1


if __name__ == "__main__":
    sys.exit(main())
