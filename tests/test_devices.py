"""Devices, threads and requests to stop."""

from __future__ import annotations

import os
import signal
import threading

import pytest
import torch

from spritelab.devices import StopFlag, best_device, let_idle_threads_sleep

POSIX = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
SIGNALS = [name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


def test_the_best_device_can_compute() -> None:
    assert float(torch.ones(2, device=best_device()).sum()) == 2


@pytest.mark.parametrize("known", ["GOMP_SPINCOUNT", "OMP_WAIT_POLICY", None])
def test_idle_threads_sleep_unless_the_user_says_how_they_wait(
    known: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
        monkeypatch.delenv(name, raising=False)
    if known is not None:
        monkeypatch.setenv(known, "mine")
    let_idle_threads_sleep()
    if known is None:
        assert os.environ["GOMP_SPINCOUNT"] == "3000"
    else:
        assert {os.environ.get(n) for n in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")} == {"mine", None}


def test_a_stop_is_asked_for_from_any_thread_and_forgotten() -> None:
    stop = StopFlag()
    assert not stop.is_set()
    thread = threading.Thread(target=stop.set)
    thread.start()
    thread.join()
    assert stop.is_set()
    stop.clear()
    assert not stop.is_set()


@POSIX
@pytest.mark.parametrize("name", SIGNALS)
def test_a_signal_sets_the_flag_and_means_afterwards_what_it_meant_before(name: str) -> None:
    number = getattr(signal, name)
    seen: list[int] = []
    before = signal.signal(number, lambda number, _frame: seen.append(number))
    try:
        stop = StopFlag()
        with stop.set_by_signals():
            os.kill(os.getpid(), number)
            assert stop.is_set()
        assert seen == []
        os.kill(os.getpid(), number)
        assert seen == [number]
    finally:
        signal.signal(number, before)


@POSIX
def test_only_a_second_ctrl_c_interrupts() -> None:
    stop = StopFlag()
    with stop.set_by_signals():
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGTERM):
            os.kill(os.getpid(), number)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


@POSIX
def test_a_hang_up_that_is_ignored_stays_ignored() -> None:
    """As under ``nohup``, which is how a training outlives its terminal."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        stop = StopFlag()
        with stop.set_by_signals():
            os.kill(os.getpid(), signal.SIGHUP)
            assert not stop.is_set()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_signals_are_left_alone_in_other_threads() -> None:
    before = [signal.getsignal(getattr(signal, name)) for name in SIGNALS]
    inside: list[object] = []

    def work() -> None:
        with StopFlag().set_by_signals():
            inside.extend(signal.getsignal(getattr(signal, name)) for name in SIGNALS)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert inside == before
