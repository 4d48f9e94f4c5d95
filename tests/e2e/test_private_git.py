"""A private repository over https: the token reaches the one origin it is for and nothing else, neither arguments nor environment
of any process, nor the log, nor another host that a redirect names."""
import base64
import json
import os
import secrets
import shutil
import ssl
import subprocess
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from support.certificates import make_certificates
from support.sigil import ROOT, Sigil

TINY = ROOT / "tests/fixtures/tiny-http"


class GitServer(BaseHTTPRequestHandler):
    """git http-backend behind Basic authentication; /moved/ redirects to another port."""

    def handle_request(self):
        server = self.server
        server.seen.append(self.headers.get("Authorization", ""))
        if self.path.startswith("/moved/"):
            self.send_response(301)
            self.send_header("Location", server.elsewhere + self.path.removeprefix("/moved"))
            self.send_header("Content-Length", "0")
            return self.end_headers()
        if self.headers.get("Authorization") != server.wanted:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            return self.end_headers()
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        environment = {"PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": str(server.folder), "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path,
                       "QUERY_STRING": query, "REQUEST_METHOD": self.command, "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                       "CONTENT_LENGTH": str(len(body)), "REMOTE_USER": "x", "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                       "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", "")}
        answer = subprocess.run(["git", "-c", "safe.directory=*", "http-backend"], env=environment, input=body, capture_output=True, check=False)
        head, _, content = answer.stdout.partition(b"\r\n\r\n")
        lines = [line.split(": ", 1) for line in head.decode().split("\r\n")]
        status = dict(lines).get("Status", "200 OK").split(" ")[0]
        self.send_response(int(status))
        for name, value in lines:
            if name != "Status":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = handle_request

    def log_message(self, *_):
        pass


class Watch(threading.Thread):
    """Looks for a text in arguments and environment of every process until it is stopped."""

    def __init__(self, text):
        super().__init__(daemon=True)
        self.text = text.encode()
        self.found, self.looks = [], 0
        self.over = threading.Event()

    def run(self):
        while not self.over.is_set():
            for entry in Path("/proc").iterdir():
                if not entry.name.isdigit() or int(entry.name) == os.getpid():
                    continue
                for name in ("cmdline", "environ"):
                    try:
                        self.looks += 1
                        if self.text in (entry / name).read_bytes():
                            self.found.append((entry / "cmdline").read_bytes()[:200])
                    except OSError:
                        pass


class PrivateGit(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="sigil-git-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.token = "tok" + secrets.token_hex(20)
        work = self.folder / "work"
        shutil.copytree(TINY, work)
        for command in (["init", "-q", "-b", "main"], ["add", "."], ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "-m", "one"]):
            subprocess.run(["git", *command], cwd=work, check=True)
        subprocess.run(["git", "clone", "-q", "--bare", str(work), str(self.folder / "tiny.git")], check=True)
        make_certificates(self.folder, "IP:127.0.0.1")
        self.other = self.serve("")
        self.server = self.serve(f"https://127.0.0.1:{self.other.server_address[1]}")
        self.origin = f"https://127.0.0.1:{self.server.server_address[1]}"
        (self.folder / "token").write_text(self.token + "\n")

    def serve(self, elsewhere):
        server = ThreadingHTTPServer(("127.0.0.1", 0), GitServer)
        server.folder, server.elsewhere, server.seen = self.folder, elsewhere, []
        server.wanted = "Basic " + base64.b64encode(f"x-access-token:{self.token}".encode()).decode()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "server.crt", self.folder / "server.key")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.shutdown)
        return server

    def test_the_token_goes_where_it_is_for_and_nowhere_else(self):
        settings = {"SIGIL_BUILDER_CA_BUNDLE": str(self.folder / "ca.crt"),
                    "SIGIL_BUILDER_GIT_CREDENTIALS": f"{self.origin}={self.folder / 'token'}"}
        with Sigil(os.environ["SIGIL_BUILD"], settings) as sigil:
            watch = Watch(self.token)
            watch.start()
            try:
                done = sigil.deploy(f"git+{self.origin}/tiny.git", "tiny")
            finally:
                watch.over.set()
                watch.join()
            self.assertEqual([], watch.found, "in no argument and no environment")
            print(f"    {watch.looks} looks into the process table", flush=True)
            self.assertIn(self.server.wanted, self.server.seen)
            moved = sigil.cli("deploy", f"git+{self.origin}/moved/tiny.git", "--name", "moved", "--output", "json")
            self.assertEqual(1, moved.returncode)
            self.assertIn("redirect", json.loads(moved.stdout)["error"]["message"])
            self.assertEqual([], [seen for seen in self.other.seen if seen], "nothing for the other origin")
            logs = sigil.cli("operation", "logs", done["operation"]["id"], check=0).stdout + sigil.log_tail(10000)
            self.assertNotIn(self.token, logs + moved.stdout + moved.stderr)
            (self.folder / "token").write_text("wrong\n")
            refused = sigil.cli("deploy", f"git+{self.origin}/tiny.git", "--name", "refused", "--output", "json")
            self.assertIn("builder.git_credentials", json.loads(refused.stdout)["error"]["hint"])


if __name__ == "__main__":
    unittest.main()
