"""Named places at which a test can kill the process, as a power failure would.

Does nothing unless KEEPER_CRASH_AT is set: "journaled" kills at the first time that place is
reached, "journaled:3" at the third. Source: keepers spec (e0).
"""

from __future__ import annotations

import os
import signal
from collections import Counter

VARIABLE = "KEEPER_CRASH_AT"

_reached: Counter[str] = Counter()


def reach(name: str) -> None:
    wanted, _, times = os.environ.get(VARIABLE, "").partition(":")
    if wanted != name:
        return
    _reached[name] += 1
    if _reached[name] == int(times or 1):
        os.kill(os.getpid(), signal.SIGKILL)
