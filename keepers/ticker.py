"""The clock of a keeper: a tick at a time, until it is told to stop."""

from __future__ import annotations

import signal
from collections.abc import Callable
from datetime import datetime
from queue import SimpleQueue


def run_every(seconds: float, tick: Callable[[], None]) -> None:
    """Tick now and then every so often. SIGTERM and SIGINT end it, after the tick that runs.

    One tick at a time; ticks that were missed are made up for by one.
    """
    from apscheduler.schedulers.background import BackgroundScheduler

    # A signal may come at any moment: its handler does nothing that could need a lock.
    stops: SimpleQueue[int] = SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda found, _frame: stops.put(found))
    scheduler = BackgroundScheduler()
    scheduler.add_job(
        tick,
        "interval",
        seconds=seconds,
        max_instances=1,
        coalesce=True,
        misfire_grace_time=None,  # after a pause of the process too
        next_run_time=datetime.now(),
    )
    scheduler.start()
    stops.get()
    scheduler.shutdown(wait=True)
