"""The clock of a keeper: a tick at a time, until it is told to stop."""

from __future__ import annotations

import signal
from collections.abc import Callable
from datetime import datetime
from typing import Any


def run_every(seconds: int, tick: Callable[[], None]) -> None:
    """Tick now and then every so often. SIGTERM and SIGINT end it, after the tick that runs.

    One tick at a time; ticks that were missed are made up for by one.
    """
    from apscheduler.schedulers.blocking import BlockingScheduler

    scheduler = BlockingScheduler()

    def stop(_signal: int, _frame: Any) -> None:
        scheduler.shutdown()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    scheduler.add_job(
        tick,
        "interval",
        seconds=seconds,
        max_instances=1,
        coalesce=True,
        next_run_time=datetime.now(),
    )
    scheduler.start()
