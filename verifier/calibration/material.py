"""What the renditions of one content at one rung are made from."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from verifier.calibration import contents
from verifier.calibration.contents import Content
from verifier.calibration.encoding import INGEST, encode, make_sound, read
from verifier.calibration.pictures import Picture, scale
from verifier.messages import Profile

# Rungs by the short side, with the bitrates of verification spec section 4.
BITRATES = {144: 300_000, 240: 700_000, 360: 1_200_000, 720: 4_000_000}
RUNGS = (240, 360, 720)


@dataclass(frozen=True, eq=False)
class Material:
    """Source segment, its pictures at full size and at the profile's, and what cheats need.

    `other` are pictures of another content, `earlier` of the stream some seconds before, both in
    the profile's size. `other_sound` is a segment with other audio.
    """

    content: Content
    rung: int
    profile: Profile
    source: bytes
    full: list[Picture]
    scaled: list[Picture]
    other: list[Picture]
    earlier: list[Picture]
    other_sound: bytes

    @property
    def rate(self) -> Fraction:
        return self.content.rate

    @property
    def rescaled(self) -> bool:
        """Whether the rung has another size than the source."""
        return self.full[0].y.shape != self.scaled[0].y.shape


def rungs_of(content: Content) -> tuple[int, ...]:
    """The rungs that are no larger than the content; a tiny clip has its own."""
    fitting = tuple(rung for rung in RUNGS if rung <= content.short_side)
    return fitting or (max(rung for rung in BITRATES if rung <= content.short_side),)


def profile_of(content: Content, rung: int) -> Profile:
    """The rung in the content's shape, with even sides."""
    sides = (content.width, content.height)
    width, height = (round(side * rung / content.short_side / 2) * 2 for side in sides)
    return Profile(width, height, BITRATES[rung])


def source_segment(content: Content, folder: Path) -> bytes:
    """The segment that the gateway sends: the ingest encode of the pictures, with sound."""
    seconds = content.frames / content.rate
    sound = make_sound(seconds, content.seed or 1, contents.FIRST_PTS)
    return encode(contents.pictures(content, folder), content.rate, INGEST, sound)


def prepare(content: Content, rung: int, other: Content, folder: Path) -> Material:
    """Raises ContentMissing when a clip is not there."""
    profile = profile_of(content, rung)
    source = source_segment(content, folder)
    full = read(source)
    return Material(
        content=content,
        rung=rung,
        profile=profile,
        source=source,
        full=full,
        scaled=scale(full, profile),
        other=scale(contents.pictures(other, folder), profile),
        earlier=scale(contents.pictures(content, folder, contents.EARLIER), profile),
        other_sound=make_sound(content.frames / content.rate, 99, contents.FIRST_PTS),
    )
