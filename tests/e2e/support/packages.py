"""npm, PyPI and Debian packages that tests use: installed once into a cache outside the tree."""
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from .sigil import CACHE, NODE

PLACE = CACHE / "e2e"


def _npm(folder, *arguments):
    npm = NODE.parent / "npm"
    environment = {**os.environ, "PATH": f"{NODE.parent}:{os.environ['PATH']}", "npm_config_update_notifier": "false"}
    subprocess.run([str(npm), *arguments, "--no-audit", "--no-fund", "--silent"], cwd=folder, check=True, env=environment,
                   stdin=subprocess.DEVNULL)


def npm_packages(*packages):
    """A folder whose node_modules has exactly these packages (NAME@VERSION)."""
    folder = PLACE / ("npm-" + hashlib.sha256(" ".join(packages).encode()).hexdigest()[:12])
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "package.json").write_text('{"private": true, "type": "module"}\n')
        _npm(folder, "install", "--ignore-scripts", *packages)
        (folder / "complete").write_text("")
    return folder


def npm_install_fixture(source):
    """A copy of a fixture folder with its dependencies installed; made anew when the fixture's files change."""
    texts = "".join((source / name).read_text() for name in sorted(os.listdir(source)) if (source / name).is_file())
    folder = PLACE / (source.name + "-" + hashlib.sha256(texts.encode()).hexdigest()[:12])
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns("node_modules"))
        _npm(folder, "install", "--ignore-scripts", "--omit=dev")
        (folder / "complete").write_text("")
    return folder


def conformance_suite():
    return npm_packages("@modelcontextprotocol/conformance@0.2.0-alpha.12")


def python_environment(*packages):
    """The interpreter of a virtual environment that has exactly these packages (NAME==VERSION)."""
    folder = PLACE / ("python-" + hashlib.sha256(" ".join(packages).encode()).hexdigest()[:12])
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run(["python3", "-m", "venv", str(folder)], check=True)
        subprocess.run([str(folder / "bin/pip"), "install", "--quiet", "--disable-pip-version-check", *packages], check=True)
        (folder / "complete").write_text("")
    return Path(folder) / "bin/python"


def debian_packages(*packages):
    """A folder with the files of these packages, unpacked and not installed: nothing of theirs is started or configured."""
    folder = PLACE / ("debian-" + hashlib.sha256(" ".join(packages).encode()).hexdigest()[:12])
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        subprocess.run(["apt-get", "download", "-q", *packages], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        for archive in folder.glob("*.deb"):
            subprocess.run(["dpkg-deb", "--extract", str(archive), str(folder)], check=True)
            archive.unlink()
        (folder / "complete").write_text("")
    return folder
