"""A stand-in for the Hugging Face Hub: the part of its HTTP interface that its own client uses."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.server
import itertools
import json
import re
import threading
from collections.abc import Mapping
from typing import Any

import huggingface_hub

TOKEN = "hf_of_the_tests"


class StandIn:
    """Repositories in memory, by ``models/org/name`` or ``datasets/org/name``, and their server.

    Attributes:
        files: what is in each repository.
        asked: every path that was asked for, with its method.
        size_told: bytes that every file is said to have, if it is another number.
        endless: files never end, for who asks for their content.
        cut: files end before their end.
        sent: bytes of files that were sent.
    """

    def __init__(self) -> None:
        self.files: dict[str, dict[str, bytes]] = {}
        self.asked: list[str] = []
        self.size_told: int | None = None
        self.endless = self.cut = False
        self.sent = 0
        handler = type("Handler", (_Handler,), {"hub": self})
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def put(self, repository: str, files: Mapping[str, bytes]) -> None:
        self.files[repository] = dict(files)

    def commit(self, repository: str) -> str:
        """The commit of what is there now."""
        digest = hashlib.sha1()
        for name, content in sorted(self.files[repository].items()):
            digest.update(name.encode() + b"\0" + content)
        return digest.hexdigest()

    def close(self) -> None:
        """End it, and the connections to it, as if another program asked next."""
        huggingface_hub.close_session()
        self.server.shutdown()
        self.server.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    hub: StandIn
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self._get(body=False)

    def do_GET(self) -> None:
        self._get(body=True)

    def _get(self, body: bool) -> None:
        self.hub.asked.append(f"{self.command} {self.path}")
        path = self.path.partition("?")[0]
        if match := re.fullmatch(r"/(datasets/)?([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            return self._file(f"{match[1] or 'models/'}{match[2]}", match[4], body)
        found = re.fullmatch(r"/api/((?:models|datasets)/[^/]+/[^/]+)(?:/(\w+)/([^/]+).*)?", path)
        if found is None or found[1] not in self.hub.files:
            return self._json({"error": "Repository not found"}, 404, "RepoNotFound")
        repository, what, revision = found.groups()
        sha = self.hub.commit(repository)
        if what is not None and revision not in ("main", sha):
            return self._json({"error": "no such revision"}, 404, "RevisionNotFound")
        files = self.hub.files[repository]
        sizes = {name: self.hub.size_told or len(content) for name, content in files.items()}
        if what == "tree":
            listed = [
                {"type": "file", "path": name, "size": size, "oid": _blob_id(files[name])}
                for name, size in sizes.items()
            ]
            return self._json(listed)
        siblings = [{"rfilename": name, "size": size} for name, size in sizes.items()]
        name = repository.partition("/")[2]
        return self._json({"id": name, "modelId": name, "sha": sha, "siblings": siblings})

    def _file(self, repository: str, name: str, body: bool) -> None:
        content = self.hub.files.get(repository, {}).get(name)
        if content is None:
            return self._json({"error": "Entry not found"}, 404, "EntryNotFound")
        self.send_response(200)
        self.send_header("X-Repo-Commit", self.hub.commit(repository))
        self.send_header("ETag", f'"{_blob_id(content)}"')
        # As the Hub offers its own protocol beside HTTP.
        self.send_header("X-Xet-Hash", "0" * 64)
        self.send_header("X-Xet-Refresh-Route", f"{self.hub.address}/api/xet-read-token")
        if body and (self.hub.endless or self.hub.cut):
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            pieces = itertools.repeat(content + bytes(2**16)) if self.hub.endless else [content[:9]]
            with contextlib.suppress(OSError):  # who asked has gone
                for piece in pieces:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                    self.hub.sent += len(piece)
                self.wfile.write(b"0\r\n\r\n")
            return None
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if body:
            self.wfile.write(content)
            self.hub.sent += len(content)
        return None

    def do_POST(self) -> None:
        self.hub.asked.append(f"POST {self.path}")
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.partition("?")[0]
        if path == "/api/validate-yaml":
            return self._json({"errors": [], "warnings": []})
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self._json({"error": "Invalid username or password."}, 401)
        if path == "/api/repos/create":
            said = json.loads(content)
            name = f"{said['organization']}/{said['name']}"
            self.hub.files.setdefault(f"models/{name}", {})
            return self._json({"url": f"{self.hub.address}/{name}"})
        found = re.fullmatch(r"/api/(models/[^/]+/[^/]+)/(preupload|commit)/main", path)
        if found is None or found[1] not in self.hub.files:
            return self._json({"error": "not found"}, 404, "RepoNotFound")
        if found[2] == "preupload":
            asked = [one["path"] for one in json.loads(content)["files"]]
            modes = [{"path": one, "uploadMode": "regular", "shouldIgnore": False} for one in asked]
            return self._json({"files": modes})
        for line in content.splitlines():
            entry = json.loads(line)
            if entry["key"] == "file":
                value = entry["value"]
                assert value["encoding"] == "base64"
                self.hub.files[found[1]][value["path"]] = base64.b64decode(value["content"])
        name, sha = found[1].removeprefix("models/"), self.hub.commit(found[1])
        return self._json(
            {"commitOid": sha, "commitUrl": f"{self.hub.address}/{name}/commit/{sha}"}
        )

    def _json(self, value: Any, status: int = 200, code: str = "") -> None:
        content = json.dumps(value).encode()
        self.send_response(status)
        if code:
            self.send_header("X-Error-Code", code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def _blob_id(content: bytes) -> str:
    """As git names it."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
