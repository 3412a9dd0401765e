"""Names of processes that hold a lease: host, process id, and when that process started.

A process that was killed is known to be gone by whoever is on the same host: the id is free, or is
another process's. Where that cannot be told (another host, or no /proc), it counts as alive.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

PROC = Path("/proc")


def this_process() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{_started(os.getpid()) or 0}"


def has_ended(owner: str) -> bool:
    """Whether it is a process of this host that is not there any more."""
    host, _, rest = owner.rpartition(":")[0].rpartition(":")
    started = owner.rpartition(":")[2]
    if host != socket.gethostname() or not (rest.isdigit() and started.isdigit()):
        return False
    if started == "0" or not PROC.is_dir():
        return False
    return _started(int(rest)) != int(started)


def _started(pid: int) -> int | None:
    """Ticks since the host's start. None: there is no such process."""
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    # The second field is a name in brackets, which may have blanks and brackets itself.
    return int(text.rpartition(")")[2].split()[19])
