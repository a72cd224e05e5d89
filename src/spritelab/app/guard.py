"""Who gets an answer: who has the token, from the page itself, under the machine's own name."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
"""What the page may load: what this server has, and nothing else."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

_NO_TOKEN = (
    "Open the address that `spritelab app` has printed: it holds the token that this page needs."
)


@dataclass(frozen=True)
class Door:
    """How the server is reached.

    Attributes:
        host: the address that it listens on.
        port: its port.
        token: what its visitors have to know.
    """

    host: str
    port: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)

    @property
    def address(self) -> str:
        """What is opened: with the token in it, for one's own machine."""
        name = "127.0.0.1" if self.open_to_others else self.host
        name = f"[{name}]" if ":" in name else name
        return f"http://{name}:{self.port}/?token={self.token}"

    @property
    def open_to_others(self) -> bool:
        """Whether other machines reach it."""
        return not _is_loopback(self.host)

    @property
    def cookie(self) -> str:
        """The name of the cookie; browsers do not tell ports apart."""
        return f"spritelab-{self.port}"

    def knows(self, name: str) -> bool:
        """Whether ``name``, of a Host header, is this machine.

        A name that somebody else's server of names leads here with is none of ours (DNS rebinding);
        a bare address cannot be led astray.
        """
        if name in ("localhost", self.host) or _is_loopback(name):
            return True
        own = socket.gethostname().lower()
        return self.open_to_others and (_is_address(name) or name in (own, f"{own}.local"))

    def admits(self, token: str) -> bool:
        """Whether it is the token; takes as long for any other one."""
        return hmac.compare_digest(token.encode(), self.token.encode())


class Guard:
    """Middleware that refuses strangers and adds the headers that keep a page to itself."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self.app, self.door = app, door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        answer = self._answer(scope)
        await (self.app if answer is None else answer)(scope, receive, guarded)

    def _answer(self, scope: Scope) -> Response | None:
        """What a stranger is told, or a visitor who brings the token; None lets a visitor in."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self.door.knows((urlsplit(f"//{host}").hostname or "").lower()):
            return _no(scope, f"there is no {host!r} here; open the address that was printed")
        own, origin = f"http://{host}", headers.get("origin")
        site = headers.get("sec-fetch-site")
        if (origin or own) != own or site in ("cross-site", "same-site"):
            return _no(scope, "this server answers its own page only")
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token")
        if given and scope["path"] == "/" and self.door.admits(given[0]):
            # Out of the address, which is shown, kept and copied.
            answer = RedirectResponse("/", 303)
            answer.set_cookie(self.door.cookie, self.door.token, httponly=True, samesite="strict")
            return answer
        if any(self.door.admits(token) for token in self._tokens(headers)):
            return None
        return _no(scope, _NO_TOKEN)

    def _tokens(self, headers: Mapping[str, str]) -> list[str]:
        kind, _, given = headers.get("authorization", "").partition(" ")
        found = [given.strip()] if kind.lower() == "bearer" else []
        cookies: SimpleCookie = SimpleCookie()
        try:
            cookies.load(headers.get("cookie", ""))
        except CookieError:
            return found
        return found + [one.value for name, one in cookies.items() if name == self.door.cookie]


def _no(scope: Scope, message: str) -> Response:
    if scope["path"].startswith("/api/"):
        return JSONResponse({"message": message, "errors": {}}, 403)
    return PlainTextResponse(message + "\n", 403)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_loopback(name: str) -> bool:
    return name == "localhost" or (_is_address(name) and ipaddress.ip_address(name).is_loopback)
