"""Running servers behind a company's CONNECT proxy and private CA: the bundle and the proxy variables reach what Sigil built from a
package, from a repository with a Dockerfile of its own, and an image it did not build; there is no other way out."""
import io
import json
import os
import shutil
import socket
import ssl
import subprocess
import tarfile
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from support import engine_api
from support.certificates import make_certificates
from support.mcp_http import McpClient
from support.sigil import ROOT, Sigil, free_port

FIXTURES = ROOT / "tests/fixtures"
# Room for one deployment's network, so that its gateway, by which a container sees this host, is known before.
POOL, GATEWAY = "10.222.97.16/28", "10.222.97.17"
HOST = "intranet.test"  # only the proxy knows where that is
URL = f"https://{HOST}/hello"


class Intranet(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_):
        pass


class Proxy(threading.Thread):
    """CONNECT alone, to the one host it knows."""

    def __init__(self, target):
        super().__init__(daemon=True)
        self.target = target
        self.asked = []
        self.listener = socket.create_server(("0.0.0.0", 0))
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        head = b""
        while b"\r\n\r\n" not in head:
            piece = client.recv(4096)
            if not piece:
                return
            head += piece
        self.asked.append(head.split(b"\r\n")[0].decode())
        if not head.startswith(f"CONNECT {HOST}:443 ".encode()):
            client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            return client.close()
        server = socket.create_connection(self.target)
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        threading.Thread(target=self.pump, args=(server, client), daemon=True).start()
        self.pump(client, server)

    @staticmethod
    def pump(source, sink):
        try:
            while piece := source.recv(65536):
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class Corporate(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="sigil-corporate-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        make_certificates(cls.folder, f"DNS:{HOST}")
        bundle = cls.folder / "bundle.crt"
        system = Path("/etc/ssl/certs/ca-certificates.crt")
        bundle.write_text((system.read_text() if system.exists() else "") + (cls.folder / "ca.crt").read_text())
        os.chmod(cls.folder, 0o755)
        server = ThreadingHTTPServer(("127.0.0.1", free_port()), Intranet)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cls.folder / "server.crt", cls.folder / "server.key")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        cls.addClassCleanup(server.shutdown)
        cls.proxy = Proxy(server.server_address)
        cls.addClassCleanup(cls.proxy.listener.close)
        cls.sigil = Sigil(os.environ["SIGIL_BUILD"], {
            "SIGIL_RUNTIME_CA_BUNDLE": str(bundle), "SIGIL_RUNTIME_NETWORK_POOLS": POOL,
            "SIGIL_RUNTIME_PROXY_VARIABLES": f"HTTP_PROXY=http://{GATEWAY}:{cls.proxy.port},HTTPS_PROXY=http://{GATEWAY}:{cls.proxy.port}"})
        cls.addClassCleanup(cls.sigil.close)
        cls.sigil.start()

    def check(self, source, name):
        asked = len(self.proxy.asked)
        self.sigil.deploy(source, name)
        client = McpClient(self.sigil.endpoint(name), timeout=30).initialize()
        self.addCleanup(self.sigil.cli, "deployment", "delete", name, "--yes")

        def call(tool, arguments):
            return client.call(tool, arguments)["content"][0]["text"]
        self.assertEqual("hello", call("fetch", {"url": URL}))
        self.assertGreater(len(self.proxy.asked), asked)
        environment = json.loads(call("environment", {}))
        for variable in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
            self.assertEqual(f"http://{GATEWAY}:{self.proxy.port}", environment[variable], variable)
        self.assertEqual("1", environment["NODE_USE_ENV_PROXY"])
        for variable in ("NO_PROXY", "no_proxy"):
            self.assertEqual(f"localhost,127.0.0.1,::1,{POOL}", environment[variable], variable)
        for variable in ("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
            self.assertEqual("/etc/sigil/ca.crt", environment[variable], variable)
        (container,) = engine_api.containers(self.sigil.label)
        mounts = engine_api.json_call("GET", f"/containers/{container['Id']}/json")["Mounts"]
        self.assertEqual([("/etc/sigil/ca.crt", False)], [(mount["Destination"], mount["RW"]) for mount in mounts if mount["Type"] == "bind"])

    def test_a_node_package(self):
        self.check(FIXTURES / "fetcher-node", "fetcher-node")

    def test_a_repository_with_its_own_dockerfile(self):
        folder = self.folder / "repository"
        shutil.copytree(FIXTURES / "fetcher-python", folder)
        for command in (["init", "-q"], ["add", "."], ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "-m", "one"]):
            subprocess.run(["git", *command], cwd=folder, check=True)
        self.check(f"file://{folder}", "fetcher-python")

    def test_an_image_that_sigil_did_not_build(self):
        dockerfile = (FIXTURES / "fetcher-python/Dockerfile").read_text().replace("python:3.11-slim", self.base_image("python:3.11-slim"))
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w") as archive:
            for name, text in (("Dockerfile", dockerfile), ("server.py", (FIXTURES / "fetcher-python/server.py").read_text())):
                member = tarfile.TarInfo(name)
                member.size = len(text.encode())
                archive.addfile(member, io.BytesIO(text.encode()))
        reference = f"sigil-test/{self.sigil.instance}:fetcher"
        status, words = engine_api.call("POST", f"/build?t={reference}", stream.getvalue(), {"Content-Type": "application/x-tar"})
        self.assertEqual(200, status, words)
        self.addCleanup(engine_api.call, "DELETE", f"/images/{reference}?force=1")
        self.check(f"image:{reference}", "fetcher-image")

    def base_image(self, name):
        pairs = self.sigil.environment.get("SIGIL_BUILDER_BASE_IMAGES", "").split(",")
        return dict(pair.split("=", 1) for pair in pairs if pair).get(name, name)


if __name__ == "__main__":
    unittest.main()
