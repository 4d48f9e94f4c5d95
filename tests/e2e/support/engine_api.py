"""The Docker Engine API over its unix socket, with nothing but the standard library."""
import http.client
import json
import os
import socket
import urllib.parse

SOCKET = os.environ.get("SIGIL_DOCKER_SOCKET", "/var/run/docker.sock")


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("engine", timeout=timeout)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class EngineError(Exception):
    def __init__(self, status, message):
        super().__init__(f"{status}: {message}")
        self.status = status


def call(method, path, body=None, headers=None, timeout=300):
    """Returns (status, bytes)."""
    connection = _UnixConnection(SOCKET, timeout)
    headers = dict(headers or {})
    if isinstance(body, (dict, list)):
        body = json.dumps(body)
        headers["Content-Type"] = "application/json"
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer.status, data


def json_call(method, path, body=None, **options):
    status, data = call(method, path, body, **options)
    if status >= 400:
        raise EngineError(status, data.decode(errors="replace").strip())
    return json.loads(data) if data.strip() else None


def _filtered(path, label, **extra):
    filters = {"label": [label]} if label else {}
    return path + "?" + urllib.parse.urlencode({"filters": json.dumps(filters), **extra})


def containers(label=None):
    return json_call("GET", _filtered("/containers/json", label, all=1))


def networks(label=None):
    return json_call("GET", _filtered("/networks", label))


def images(label=None):
    return json_call("GET", _filtered("/images/json", label))


def volumes(label=None):
    return json_call("GET", _filtered("/volumes", label)).get("Volumes") or []


def snapshot(label=None):
    """What the engine holds (of ours, with a label): comparable before and after."""
    return {
        "containers": sorted(c["Id"] for c in containers(label)),
        "networks": sorted(n["Id"] for n in networks(label)),
        "images": sorted(i["Id"] for i in images(label)),
        "volumes": sorted(v["Name"] for v in volumes(label)),
    }


def remove_labelled(label):
    """Removes everything with this label; what is gone already is no error."""
    for container in containers(label):
        call("DELETE", f"/containers/{container['Id']}?force=1&v=1")
    for network in networks(label):
        call("DELETE", f"/networks/{network['Id']}")
    for image in images(label):
        call("DELETE", f"/images/{image['Id']}?force=1")
    for volume in volumes(label):
        call("DELETE", f"/volumes/{volume['Name']}?force=1")
