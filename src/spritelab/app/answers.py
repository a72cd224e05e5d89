"""What the server answers: JSON, mistakes beside their fields, and events as they come."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from spritelab.config import Settings
from spritelab.config.base import mistakes
from spritelab.errors import SpritelabError
from spritelab.storage import parse_json

MAX_JSON = 2**20
"""The most bytes of a request that is JSON."""

Form = TypeVar("Form", bound=Settings)


class Refusal(Exception):  # noqa: N818 (it is an answer, and no fault)
    """A request that is refused: a status, one line, and the lines beside the fields."""

    def __init__(
        self, message: str, *, status: int = 422, errors: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.message, self.status, self.errors = message, status, dict(errors or {})


def wrong(field: str, message: str) -> Refusal:
    """A value that cannot be: its field, and what is said beside it."""
    return Refusal(message, errors={field: message})


async def read_form(request: Request, form: type[Form]) -> Form:
    """Read a request's JSON as ``form``.

    Raises:
        Refusal: 413 if it is too long, 422 with a line for every field that is wrong.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_JSON:
            raise Refusal(f"a request has at most {MAX_JSON:,} bytes", status=413)
    try:
        values = parse_json(body.decode("utf-8")) if body else {}
    except ValueError:
        raise Refusal("the request is no JSON") from None
    if not isinstance(values, dict):
        raise Refusal("the request is no JSON object")
    return check_form(values, form)


def check_form(values: Mapping[str, Any], form: type[Form]) -> Form:
    """Make a form of values.

    Raises:
        Refusal: with a line for every field that is wrong.
    """
    try:
        return form.model_validate(values)
    except ValidationError as error:
        found: dict[str, str] = {}
        for key, reason in mistakes(error):
            found.setdefault(key.split(".")[0], reason)
        name, reason = next(iter(found.items()))
        raise Refusal(f"{name}: {reason}" if name else reason, errors=found) from None


def refusal_of(error: SpritelabError, form: type[Settings] | None = None) -> Refusal:
    """A library's line as a refusal, beside the field of ``form`` that it names.

    Messages write parameters in backticks, and settings of a run with their table: data.size.
    """
    message = " ".join(str(error).split())
    known = () if form is None else form.model_fields
    found = re.findall(r"`([\w.]+)`|\bdata\.(\w+)", message)
    named = [name for pair in found for name in pair if name in known]
    return Refusal(message, errors={named[0]: message} if named else {})


async def refused(_: Request, error: Exception) -> Response:
    """Answer a ``Refusal``."""
    assert isinstance(error, Refusal)
    said = {"message": error.message, "errors": error.errors}
    return JSONResponse(said, error.status)


async def mistaken(_: Request, error: Exception) -> Response:
    """Answer a ``SpritelabError`` that nobody put beside a field."""
    assert isinstance(error, SpritelabError)
    said = refusal_of(error)
    return JSONResponse({"message": said.message, "errors": said.errors}, said.status)


def event(name: str, values: Mapping[str, Any]) -> bytes:
    """One server-sent event."""
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return f"event: {name}\ndata: {text}\n\n".encode()


def stream(events: AsyncIterator[bytes]) -> StreamingResponse:
    """Answer with server-sent events as they come."""
    return StreamingResponse(events, media_type="text/event-stream")
