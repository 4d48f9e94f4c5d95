"""The smallest MCP client there is (legacy era), to keep calls going while something else is killed."""
import http.client
import json
import threading
import time
import urllib.parse


class McpError(Exception):
    pass


class McpClient:
    def __init__(self, url, timeout=10):
        parts = urllib.parse.urlsplit(url)
        self.host, self.port, self.path = parts.hostname, parts.port, parts.path
        self.timeout = timeout
        self.session = None
        self.next_id = 0

    def post(self, message):
        """(status, session id, body text) of one POST on a connection of its own."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=self.timeout)
        headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        if self.session:
            headers["Mcp-Session-Id"] = self.session
            headers["MCP-Protocol-Version"] = "2025-06-18"
        try:
            connection.request("POST", self.path, json.dumps(message), headers)
            answer = connection.getresponse()
            return answer.status, answer.getheader("Mcp-Session-Id"), answer.read().decode(errors="replace")
        finally:
            connection.close()

    def request(self, method, params=None):
        self.next_id += 1
        status, session, body = self.post({"jsonrpc": "2.0", "id": self.next_id, "method": method, "params": params or {}})
        if status != 200:
            raise McpError(f"{method}: {status} {body[:300]}")
        self.session = session or self.session
        if body.startswith("{"):
            return json.loads(body)
        for line in body.split("\n"):
            if line.startswith("data: {") and f'"id":{self.next_id}' in line.replace(" ", ""):
                return json.loads(line[6:])
        raise McpError(f"{method}: no answer in {body[:300]}")

    def initialize(self):
        self.request("initialize", {"protocolVersion": "2025-06-18", "capabilities": {},
                                    "clientInfo": {"name": "sigil-e2e", "version": "1"}})
        self.post({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return self

    def call(self, name, arguments=None):
        answer = self.request("tools/call", {"name": name, "arguments": arguments or {}})
        if "error" in answer:
            raise McpError(str(answer["error"]))
        return answer["result"]


class SteadyCaller:
    """Calls a tool again and again on one session in a thread; `failures` says which calls were not answered."""

    def __init__(self, url, tool, arguments):
        self.client = McpClient(url).initialize()
        self.tool, self.arguments = tool, arguments
        self.calls = 0
        self.failures = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _run(self):
        while not self._stop.wait(0.02):
            try:
                self.client.call(self.tool, self.arguments)
                self.calls += 1
            except (McpError, OSError, http.client.HTTPException, ValueError) as problem:
                self.failures.append((time.monotonic(), repr(problem)))
