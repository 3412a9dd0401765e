"""What can be chosen about a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from devnet.cheating import Cheat
from devnet.processes import ROOT

SAMPLE = ROOT / "samples" / "big-buck-bunny.mp4"
OUTPUT = ROOT / "build" / "devnet"
SEGMENTS = 10
SHORTEST, LONGEST = 0.4, 2.0
# A fifth of its first segments is verified, so a cheat may go unseen for a while.
LAPS = 15


@dataclass(frozen=True)
class Options:
    """`seconds` takes only the first part of the clip, `keep` leaves chain and nodes up.

    `cheat` is how one of the orchestrators cheats; the clip then goes round until it is caught.
    """

    clip: Path = SAMPLE
    output: Path = OUTPUT
    seed: int = 3
    seconds: float | None = None
    keep: bool = False
    cheat: Cheat | None = None

    @property
    def rate(self) -> float:
        """Share of receipts to verify: a new orchestrator's, or half of a short honest stream."""
        return 0.5 if self.cheat is None else 0.2

    @property
    def laps(self) -> int:
        """How often the clip is streamed at the most."""
        return 1 if self.cheat is None else LAPS

    def segment_seconds(self, clip_seconds: float) -> float:
        """Two seconds, or less for a short clip: it should be shared by several orchestrators."""
        length = min(clip_seconds, self.seconds or clip_seconds)
        return round(min(LONGEST, max(SHORTEST, length / SEGMENTS)), 3)
