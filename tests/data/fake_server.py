"""A small web server on this machine, for the tests of downloads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass
class Answer:
    """What the server sends.

    ``promised`` is the length it announces, if not the true one, and if it announces any;
    ``leads_to`` where it redirects to. One that is ``endless`` sends its body for ever.
    """

    body: bytes = b""
    status: int = 200
    promised: int | None = None
    says_its_length: bool = True
    leads_to: str | None = None
    endless: bool = False


@dataclass
class FakeServer:
    """Answers by path; 404 elsewhere. ``asked`` lists the paths in the order of the requests."""

    address: str = ""
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    sent: int = 0


@contextmanager
def serving() -> Iterator[FakeServer]:
    fake = FakeServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            fake.asked.append(self.path)
            answer = fake.answers.get(self.path, Answer(status=404))
            self.send_response(answer.status)
            length = len(answer.body) if answer.promised is None else answer.promised
            if answer.says_its_length:
                self.send_header("Content-Length", str(length))
            if answer.leads_to is not None:
                self.send_header("Location", answer.leads_to)
            self.end_headers()
            with suppress(ConnectionError):  # the client has had enough
                self.wfile.write(answer.body)
                while answer.endless:
                    self.wfile.write(answer.body)
                    fake.sent += len(answer.body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        fake.address = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield fake
        finally:
            server.shutdown()
            thread.join()
