"""The official MCP clients as programs: each lists the tools of a URL, makes some calls, and prints what came back."""
import json
import os
import shutil
import subprocess
from pathlib import Path

from .packages import npm_packages, python_environment
from .sigil import NODE

FOLDER = Path(__file__).resolve().parents[1] / "clients"


def _node_client(script, package):
    folder = npm_packages(package)
    # A module finds its packages beside itself, and nothing is installed into the tree.
    place = folder / script
    shutil.copyfile(FOLDER / script, place)
    return [str(NODE), str(place)]


def commands():
    """Name of each client -> the command that runs it."""
    return {
        "TypeScript SDK v1": _node_client("sdk_v1.mjs", "@modelcontextprotocol/sdk@1.32.2"),
        "TypeScript SDK v2": _node_client("sdk_v2.mjs", "@modelcontextprotocol/client@2.4.0"),
        "Python SDK": [str(python_environment("mcp==2.3.0")), str(FOLDER / "sdk_python.py")],
    }


def run(command, url, calls):
    """{"tools": [names], "results": [tool results]}; an AssertionError with the client's own words when it fails."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run([*command, url, json.dumps(calls)], capture_output=True, text=True, timeout=120, check=False,
                          env=environment, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)} {url}: exit {done.returncode}\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.strip().split("\n")[-1])


def text_of(result):
    return "\n".join(block.get("text", "") for block in result["content"])
