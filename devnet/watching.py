"""The verifier as a process that watches what the gateway received, and what it found so far.

`python -m devnet.watching PLACE ...` is `python -m verifier watch PLACE ...` that ends when its
standard input closes, like the nodes: whoever started it cannot die and leave it behind.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devnet.processes import ROOT, STOP_SECONDS, ProcessError
from verifier.store import Case, EvidenceStore

POLL_SECONDS = 0.2
# Loading torch comes first; a check of a segment takes a second or two.
PATIENCE = 240
_METRIC = re.compile(r"(\w+)(?:\{([^}]*)\})? ([0-9.e+-]+)")


@dataclass(frozen=True)
class Count:
    """Receipts read, segments verified in full, failures to read or check, what waits for a check.

    A receipt that proves something by itself counts without being verified.
    """

    receipts: int = 0
    verified: int = 0
    failed: int = 0
    queue: int = 0


@dataclass(frozen=True)
class Standing:
    """`weight` is the part of its chance to be chosen, in parts per million."""

    state: str
    weight: int
    flags: int
    samples: int
    reason: str


@dataclass(frozen=True)
class Finding:
    """Something held against an orchestrator, and the case in the store that has it."""

    orchestrator: str
    seq: int
    verdict: str
    codes: tuple[str, ...]
    case: Case


class Watch:
    """Verifies what appears in `place`; `home` is its own folder.

    `rate` is the share of receipts of new orchestrators, which all are here, and of flagged ones.
    """

    def __init__(self, place: Path, home: Path, *, rate: float) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self._home, self._log = home, home / "watch.log"
        self.store = EvidenceStore(home / "evidence")
        command = [
            sys.executable, "-m", "devnet.watching", str(place),
            "--store", str(home / "evidence"),
            "--state", str(home / "state"),
            "--metrics-file", str(home / "metrics.prom"),
            "--raised-rate", str(rate),
            "--poll", str(POLL_SECONDS),
        ]  # fmt: skip
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                # The nodes and the chain want the processors too.
                env=os.environ | {"OMP_NUM_THREADS": "1"},
            )

    def stop(self) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
            self._process.wait(STOP_SECONDS)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()

    def settle(self, receipts: int) -> Count:
        """Wait until so many receipts were read and nothing is left to check.

        Raises ProcessError when it ends or does not get there.
        """
        deadline = time.monotonic() + PATIENCE
        while True:
            count = self.count()
            if count.receipts + count.failed >= receipts and not count.queue:
                return count
            if self._process.poll() is not None:
                raise ProcessError(f"the verifier ended; see {self._log}")
            if time.monotonic() > deadline:
                raise ProcessError(f"the verifier is not done after {PATIENCE} s; see {self._log}")
            time.sleep(POLL_SECONDS / 2)

    def count(self) -> Count:
        """What it did so far; all zero before its first look."""
        path = self._home / "metrics.prom"
        return _count(path.read_text()) if path.is_file() else Count()

    def standings(self) -> dict[str, Standing]:
        """By address of the orchestrator."""
        path = self._home / "state" / "standings.json"
        if not path.is_file():
            return {}
        return {one: Standing(**fields) for one, fields in json.loads(path.read_text()).items()}

    def weights(self) -> Mapping[str, int]:
        return {address: one.weight for address, one in self.standings().items()}

    def findings(self) -> list[Finding]:
        """Bad segments, oldest first."""
        return [_finding(case) for case in self.store.cases("finding")]

    def proofs(self) -> list[Case]:
        """Complete evidence, for a keeper to submit."""
        return list(self.store.cases("proof"))


def _finding(case: Case) -> Finding:
    about: Mapping[str, Any] = case.about
    return Finding(
        str(about["orchestrator"]),
        int(about["seq"]),
        str(about["verdict"]),
        tuple(about["codes"]),
        case,
    )


def _count(text: str) -> Count:
    values: dict[str, float] = {}
    for line in text.splitlines():
        found = _METRIC.fullmatch(line)
        if found:
            values[found[1]] = values.get(found[1], 0) + float(found[3])
    return Count(
        receipts=int(values.get("verifier_receipts_total", 0)),
        verified=int(values.get("verifier_checks_total", 0)),
        failed=int(values.get("verifier_failures_total", 0)),
        queue=int(values.get("verifier_queue", 0)),
    )


def main() -> None:
    from verifier.cli import cli

    threading.Thread(target=_end_with_parent, daemon=True).start()
    cli(["watch", *sys.argv[1:]], prog_name="python -m verifier")


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
