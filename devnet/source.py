"""The clip of a run, ready to be streamed."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from devnet.cutting import Segment, cut
from devnet.economy import Economy, plan_economy
from devnet.media import Clip, Profile, ladder, probe
from devnet.options import Options
from devnet.scenario import Scenario
from devnet.screen import Screen


@dataclass(frozen=True)
class Source:
    clip: Clip
    profiles: tuple[Profile, ...]
    segments: list[Segment]
    economy: Economy


def prepare(options: Options, screen: Screen, scenario: Scenario) -> Source:
    """Cut the clip; raises MediaError before anything else is started or deleted."""
    clip = probe(options.clip)
    shutil.rmtree(options.output, ignore_errors=True)
    with screen.phase("clip", "reading and cutting the clip") as phase:
        profiles = ladder(clip)
        segments = cut(
            clip,
            options.output / "source",
            seconds=options.segment_seconds(clip.seconds),
            limit=options.seconds,
        )
        economy = plan_economy(clip, profiles, segments, scenario)
        phase.detail = (
            f"{clip.path.name}: {clip.width} x {clip.height}, "
            f"{sum(segment.seconds for segment in segments):.2f} s, {len(segments)} segments, "
            f"to {' and '.join(f'{p.width} x {p.height}' for p in profiles)}"
        )
    return Source(clip, profiles, segments, economy)
