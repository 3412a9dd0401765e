"""What a preflight finds, and how it looks at many things at once within a time limit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Thread
from typing import Generic, TypeVar

from keepers.core.model import KeeperError

T = TypeVar("T")


@dataclass(frozen=True)
class Finding:
    """Something to repair. `key` is where: of the configuration, or "clock"; empty for all of it.

    An error that `passes` may be over without anybody doing anything here (a node that is down, an
    account that waits for ETH), or concerns some of several orchestrators: keepers start with it.
    """

    key: str
    text: str
    is_error: bool = True
    passes: bool = False

    def __str__(self) -> str:
        parts = ("error" if self.is_error else "warning", self.key, self.text)
        return ": ".join(part for part in parts if part)

    def to_json(self) -> dict[str, str]:
        level = "error" if self.is_error else "warning"
        return {"level": level, "key": self.key, "text": self.text}


def error(key: str, text: str) -> Finding:
    """The configuration, a file or this host must be changed."""
    return Finding(key, text)


def passing(key: str, text: str) -> Finding:
    """An error that does not keep keepers from starting."""
    return Finding(key, text, passes=True)


def warning(key: str, text: str) -> Finding:
    return Finding(key, text, is_error=False, passes=True)


class Job(Generic[T]):
    """Work that has begun, in a thread that nobody has to wait for."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._found: T | None = None
        self._trouble: Exception | None = None
        self._thread = Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()

    def _run(self, work: Callable[[], T]) -> None:
        try:
            self._found = work()
        except Exception as trouble:  # raised again for whoever waits
            self._trouble = trouble

    def result(self, until: float) -> T | None:
        """Wait until then on the monotonic clock. None if it is not done. Raises what it raised."""
        self._thread.join(max(0.0, until - time.monotonic()))
        if self._trouble:
            raise self._trouble
        return self._found


def collect(job: Job[list[Finding]], key: str, until: float) -> Iterable[Finding]:
    """What it found; not to be done in time, or to fail, is a finding too."""
    try:
        found = job.result(until)
    except KeeperError as trouble:
        return [error(key, str(trouble))]
    return [passing(key, "gives no answer in time")] if found is None else found
