"""What can be chosen about a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from devnet.processes import ROOT

SAMPLE = ROOT / "samples" / "big-buck-bunny.mp4"
OUTPUT = ROOT / "build" / "devnet"
SEGMENTS = 10
SHORTEST, LONGEST = 0.4, 2.0


@dataclass(frozen=True)
class Options:
    """`seconds` takes only the first part of the clip, `keep` leaves chain and nodes up."""

    clip: Path = SAMPLE
    output: Path = OUTPUT
    seed: int = 3
    seconds: float | None = None
    keep: bool = False

    def segment_seconds(self, clip_seconds: float) -> float:
        """Two seconds, or less for a short clip: it should be shared by several orchestrators."""
        length = min(clip_seconds, self.seconds or clip_seconds)
        return round(min(LONGEST, max(SHORTEST, length / SEGMENTS)), 3)
