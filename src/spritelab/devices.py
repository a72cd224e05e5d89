"""What a computation runs on and among: device, processes, threads, and requests to stop.

Light to import: torch and accelerate are loaded by the functions that need them.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from spritelab.errors import SettingsError

if TYPE_CHECKING:
    import torch
    from accelerate import Accelerator, PartialState


def best_device() -> torch.device:
    """The accelerator that torch finds (CUDA, MPS, XPU), or the CPU.

    Of several, each process that a launcher started on this machine has its own, in turn.
    """
    import torch

    found = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    if found is None:
        return torch.device("cpu")
    rank = os.environ.get("LOCAL_RANK") or os.environ.get("SLURM_LOCALID") or ""
    several = torch.accelerator.device_count()
    if found.index is None and several > 1 and rank.isdecimal():
        return torch.device(found.type, int(rank) % several)
    return found


def let_idle_threads_sleep() -> None:
    """Keep torch's threads from starving each other on a machine that has other work too.

    GNU OpenMP, which torch computes with on Linux, reads this when torch is first imported, so that
    ``import spritelab`` calls this, and should come before ``import torch``. Its threads spin while
    they wait for each other, and one that spins keeps the processor from the one it waits for.
    Training `rgba` with two threads beside one busy process made 6 to 11 sprites/s so, and 141 when
    they fall asleep after some ten microseconds; with the machine to itself it is as quick either
    way (354-374 against 356-398). Whoever has set either variable knows better.
    """
    if not os.environ.keys() & {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"}:
        os.environ["GOMP_SPINCOUNT"] = "3000"


def this_process() -> PartialState:
    """This process among those that train together; one alone if none were launched.

    Processes that ``torchrun`` has started where there is no accelerator share the work of the
    CPUs, through gloo; Accelerate does so only where it is told, and takes each for one alone.
    """
    import torch
    from accelerate import PartialState
    from accelerate.utils import parse_flag_from_env

    several = os.environ.get("LOCAL_RANK", "").isdecimal() and not torch.accelerator.is_available()
    return PartialState(cpu=parse_flag_from_env("ACCELERATE_USE_CPU") or several)


def make_accelerator(cpu: bool, mixed_precision: str) -> Accelerator:
    """Device and precision of one training.

    Accelerate fixes both for the life of a process; a notebook may train twice, in different ways.

    Args:
        cpu: do not use an accelerator even if there is one.
        mixed_precision: ``no``, ``fp16`` or ``bf16``.

    Raises:
        SettingsError: if the processes share accelerators already, which ``cpu`` would not have;
            for ``fp16`` without an accelerator.
    """
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState

    process = this_process()
    several = process.num_processes > 1
    if cpu and several and process.device.type != "cpu":
        raise SettingsError(
            "several processes have accelerators already; for `cpu` set ACCELERATE_USE_CPU=1"
        )
    AcceleratorState._reset_state(reset_partial_state=not several)
    cpu = cpu or (several and process.device.type == "cpu")
    if mixed_precision == "fp16" and (cpu or process.device.type == "cpu"):
        raise SettingsError("fp16 needs a GPU; a CPU computes in `mixed_precision` bf16, or no")
    return Accelerator(cpu=cpu, mixed_precision=mixed_precision)


def any_process(flag: bool) -> bool:
    """Whether the flag is up in any of the processes that train together; each must ask.

    Signals, for one, do not reach all of them at the same update.
    """
    import torch
    from accelerate.utils import reduce

    process = this_process()
    if process.num_processes == 1:
        return flag
    return bool(reduce(torch.tensor(float(flag), device=process.device), "sum") > 0)


class StopFlag:
    """A request to stop, made from any thread or by a signal, and read between updates."""

    def __init__(self) -> None:
        self._requested = threading.Event()

    def set(self) -> None:
        """Ask to stop."""
        self._requested.set()

    def clear(self) -> None:
        """Forget an earlier request."""
        self._requested.clear()

    def is_set(self) -> bool:
        """Whether somebody asked to stop."""
        return self._requested.is_set()

    @contextmanager
    def set_by_signals(self) -> Iterator[None]:
        """Let Ctrl-C, a request to terminate and a closed terminal set the flag during the block.

        SIGINT, SIGTERM and, where the system has it, SIGHUP; a second SIGINT raises
        ``KeyboardInterrupt`` at once. Afterwards they mean what they meant before. A SIGHUP that is
        ignored, as under ``nohup``, stays ignored. Python handles signals in the main thread alone:
        in any other the block changes nothing.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def handle(number: int, _frame: FrameType | None) -> None:
            if self.is_set() and number == signal.SIGINT:
                raise KeyboardInterrupt
            self.set()

        numbers = [signal.SIGINT, signal.SIGTERM]
        if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
            numbers.append(signal.SIGHUP)
        before = {number: signal.signal(number, handle) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
