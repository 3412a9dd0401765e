"""Orchestrator nodes as child processes that cannot outlive this one."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

ROOT = Path(__file__).parents[1]
START_SECONDS = 60
STOP_SECONDS = 5


class ProcessError(RuntimeError):
    """A node that did not start; one line."""


class NodeProcess:
    """One `python -m devnet.node`. It ends when the pipe it reads from closes."""

    def __init__(self, settings: dict[str, Any], *, log: Path) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self._log = log
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "devnet.node"],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(settings).encode() + b"\n")
        self._process.stdin.flush()
        self.url = ""

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_until_ready(self) -> str:
        """Returns the URL the node serves at. Raises ProcessError."""
        assert self._process.stdout is not None
        timer = threading.Timer(START_SECONDS, self._process.kill)
        timer.start()
        try:
            line = self._process.stdout.readline().decode()
        finally:
            timer.cancel()
        if not line.startswith("listening "):
            raise ProcessError(f"a node did not start; see {self._log}")
        self.url = line.split()[1]
        return self.url

    def stop(self) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
            self._process.wait(STOP_SECONDS)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        finally:
            if self._process.stdout is not None:
                self._process.stdout.close()


class Nodes:
    """The nodes of a run; leaving the context ends them all."""

    def __init__(self) -> None:
        self.processes: list[NodeProcess] = []

    def __enter__(self) -> Nodes:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self.processes:
            process.stop()

    def start(self, settings: list[dict[str, Any]], *, logs: Path) -> list[NodeProcess]:
        """Start one node per settings, all at once, and wait for each."""
        for at, one in enumerate(settings, start=1):
            self.processes.append(NodeProcess(one, log=logs / f"node-{at}.log"))
        for process in self.processes:
            process.wait_until_ready()
        return self.processes
