"""Coroutines in tests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import anyio

T = TypeVar("T")


def run_async(function: Callable[[], Awaitable[T]]) -> T:
    """Run a coroutine in a thread of its own.

    Once a test of a page has begun, Playwright's loop is at work in the first thread until the
    session ends, and ``anyio.run`` would refuse to begin another there.
    """
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(anyio.run, function).result()  # noqa: TID251
