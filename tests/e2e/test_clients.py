"""The official SDK clients against real MCP servers, all through Sigil: list the tools, call some of them."""
import json
import os
import unittest

from support import clients
from support.sigil import ROOT, Sigil

SAMPLE = ROOT / "tests/samples/hello-notes"
EVERYTHING = "npm:@modelcontextprotocol/server-everything@2026.8.31"
FILESYSTEM = "npm:@modelcontextprotocol/server-filesystem@2026.8.31"
MEMORY = "npm:@modelcontextprotocol/server-memory@2026.8.31"
TIME = "pypi:mcp-server-time@2026.10.19"

ECHO = {"name": "echo", "arguments": {"message": "through Sigil"}}
ENTITY = {"entities": [{"name": "Sigil", "entityType": "program", "observations": ["serves MCP"]}]}


class Clients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.clients = clients.commands()
        cls.sigil = Sigil(os.environ["SIGIL_BUILD"])
        cls.addClassCleanup(cls.sigil.close)
        cls.sigil.start()

    def each_client(self, name, calls):
        """What every client sees of a deployment: {client: {"tools", "results"}}."""
        seen = {}
        for client, command in self.clients.items():
            with self.subTest(client=client, deployment=name):
                seen[client] = clients.run(command, self.sigil.endpoint(name), calls)
        self.assertEqual(set(self.clients), set(seen))
        return seen

    def check_tools(self, seen, deployed):
        """The clients see the tools that the deploy reported."""
        for client, what in seen.items():
            self.assertEqual(sorted(deployed["tools"]), sorted(what["tools"]), client)

    def test_the_sample(self):
        deployed = self.sigil.deploy(SAMPLE, "hello-notes")
        self.assertIn(deployed["deployment"]["state"], ("healthy",))
        listed = self.sigil.cli_json("tool", "list", "hello-notes")["items"]
        seen = self.each_client("hello-notes", [])
        self.check_tools(seen, deployed)
        self.assertEqual(sorted(deployed["tools"]), sorted(tool["name"] for tool in listed))
        self.assertGreater(len(listed), 0)

    def check_everything(self, name, deployed):
        seen = self.each_client(name, [ECHO, {"name": "get-sum", "arguments": {"a": 19, "b": 23}}])
        self.check_tools(seen, deployed)
        for client, what in seen.items():
            self.assertIn("through Sigil", clients.text_of(what["results"][0]), client)
            self.assertIn("42", clients.text_of(what["results"][1]), client)
        called = self.sigil.cli("tool", "call", name, "get-sum", "--arg", "a=19", "--arg", "b=23", check=0)
        self.assertIn("42", called.stdout)

    def test_server_everything_over_http(self):
        deployed = self.sigil.deploy(EVERYTHING, "everything-http", "--arg", "streamableHttp")
        self.assertEqual("streamable_http", self.sigil.cli_json("deployment", "show", "everything-http")["transport"])
        self.check_everything("everything-http", deployed)

    def test_server_everything_over_stdio(self):
        deployed = self.sigil.deploy(EVERYTHING, "everything-stdio")
        self.assertEqual("stdio", self.sigil.cli_json("deployment", "show", "everything-stdio")["transport"])
        self.check_everything("everything-stdio", deployed)

    def test_server_filesystem(self):
        deployed = self.sigil.deploy(FILESYSTEM, "filesystem", "--arg", "/app")
        seen = self.each_client("filesystem", [{"name": "list_allowed_directories", "arguments": {}}])
        self.check_tools(seen, deployed)
        for client, what in seen.items():
            self.assertIn("/app", clients.text_of(what["results"][0]), client)

    def test_server_memory_keeps_its_file_on_the_tmpfs(self):
        deployed = self.sigil.deploy(MEMORY, "memory", "--env", "MEMORY_FILE_PATH=/tmp/memory.jsonl")
        seen = self.each_client("memory", [{"name": "create_entities", "arguments": ENTITY},
                                           {"name": "read_graph", "arguments": {}}])
        self.check_tools(seen, deployed)
        for client, what in seen.items():
            self.assertFalse(what["results"][0].get("isError"), f"{client}: {what['results'][0]}")
            self.assertIn("serves MCP", clients.text_of(what["results"][1]), client)

    def test_a_server_from_pypi(self):
        deployed = self.sigil.deploy(TIME, "time")
        seen = self.each_client("time", [{"name": "get_current_time", "arguments": {"timezone": "Europe/Zurich"}}])
        self.check_tools(seen, deployed)
        for client, what in seen.items():
            self.assertEqual("Europe/Zurich", json.loads(clients.text_of(what["results"][0]))["timezone"], client)


if __name__ == "__main__":
    unittest.main()
