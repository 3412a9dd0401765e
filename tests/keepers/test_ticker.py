"""Signals in the middle of a tick, as an init system sends them."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """\
import time
from keepers.ticker import run_every

def tick():
    print("begins", flush=True)
    time.sleep(0.3)
    print("ends", flush=True)

run_every({seconds}, tick)
print("closed", flush=True)
"""


def started(seconds: float) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(seconds=seconds)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_run_every__signal_within_a_tick__ends_after_it(number: signal.Signals) -> None:
    with started(60) as process:
        assert process.stdout
        assert process.stdout.readline() == "begins\n"
        process.send_signal(number)
        process.send_signal(number)  # an impatient operator
        assert process.stdout.read() == "ends\nclosed\n"
    assert process.returncode == 0


def test_run_every__slow_tick__never_overlaps_itself() -> None:
    with started(0.1) as process:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(6)]
        process.terminate()
    assert lines == ["begins\n", "ends\n"] * 3
