"""The process that trains: its device, its companions, and the signals that ask it to stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import torch
from accelerate import Accelerator, PartialState
from accelerate.state import AcceleratorState
from accelerate.utils import parse_flag_from_env


def this_process() -> PartialState:
    """This process among those that train together; one alone if none were launched."""
    return PartialState(cpu=parse_flag_from_env("ACCELERATE_USE_CPU"))


def make_accelerator(cpu: bool, mixed_precision: str) -> Accelerator:
    """Device and precision of one training.

    Accelerate fixes both for the life of a process; a notebook may train twice, in different ways.
    """
    AcceleratorState._reset_state(reset_partial_state=this_process().num_processes == 1)
    return Accelerator(cpu=cpu, mixed_precision=mixed_precision)


def any_process(flag: bool, accelerator: Accelerator) -> bool:
    """Whether the flag is up in any process: signals do not reach all of them at one update."""
    if accelerator.num_processes == 1:
        return flag
    return bool(accelerator.reduce(torch.tensor(float(flag), device=accelerator.device)) > 0)


@contextmanager
def stop_requests() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C or request to terminate into a flag, read between updates."""
    requested = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield requested.is_set
        return

    def handle(number: int, _frame: FrameType | None) -> None:
        if requested.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        requested.set()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield requested.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
