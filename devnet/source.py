"""The clip of a run, ready to be streamed."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from devnet.cutting import Segment, cut
from devnet.economy import Economy, plan_economy
from devnet.media import Clip, Profile, ladder, probe
from devnet.options import OUTPUT, Options
from devnet.scenario import Scenario
from devnet.screen import Screen


@dataclass(frozen=True)
class Source:
    clip: Clip
    profiles: tuple[Profile, ...]
    segments: list[Segment]
    economy: Economy


MARK = ".devnet"


class OutputError(ValueError):
    """A folder that must not be emptied; one line."""


def _make_room(folder: Path) -> None:
    """Empty the output of an earlier run; never anything else."""
    if folder.exists():
        if any(folder.iterdir()) and folder != OUTPUT and not (folder / MARK).exists():
            raise OutputError(f"{folder}: holds other things; give --output an empty folder")
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / MARK).touch()


def prepare(options: Options, screen: Screen, scenario: Scenario) -> Source:
    """Cut the clip; raises MediaError before anything else is started or deleted."""
    clip = probe(options.clip)
    _make_room(options.output)
    with screen.phase("clip", "reading and cutting the clip") as phase:
        profiles = ladder(clip)
        segments = cut(
            clip,
            options.output / "source",
            seconds=options.segment_seconds(clip.seconds),
            limit=options.seconds,
        )
        economy = plan_economy(clip, profiles, segments * (options.laps + 1), scenario)
        phase.detail = (
            f"{clip.path.name}: {clip.width} x {clip.height}, "
            f"{sum(segment.seconds for segment in segments):.2f} s, {len(segments)} segments, "
            f"to {' and '.join(f'{p.width} x {p.height}' for p in profiles)}"
        )
    return Source(clip, profiles, segments, economy)
