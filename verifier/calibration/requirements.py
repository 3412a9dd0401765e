"""The requirements of verification spec section 9 that the matrix answers, each with its number."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from verifier.calibration.matrix import (
    COLOUR_GAP,
    DISHONEST,
    HONEST,
    LATE_MOTION,
    MIRROR_GAP,
    Record,
)
from verifier.calibration.statistics import clopper_pearson

PROVABLE, SEVERE, OK = "provable", "severe", "ok"
# Swapping U and V is a cheat where they differ; the rule asks for 8 levels.
MIN_COLOUR_GAP = 12.0
# A picture much like its mirror image cannot be told from it by 8 levels; one more for the encode.
MIN_MIRROR_GAP = 9.0
# Section 4.3 calls a content moving from half a level per frame on, requirement 9 still below 0.3.
MOVING, STILL = 0.5, 0.3
TIME_CODES = {"STILL", "REPEATS"}
ALWAYS_PROVABLE = ("other-clip", "black", "half-black", "uv-swap", "gamma-1.3", "brightness-12",
                   "upside-down")  # fmt: skip
OWN_CODES = {
    "half-frames": "FRAME_COUNT",
    "first-75": "DURATION",
    "wrong-size": "WRONG_SIZE",
    "no-audio": "AUDIO",
    "cut-file": "UNDECODABLE",
    "garbage": "NOT_MEDIA",
    "empty": "EMPTY",
}
TOLERATED = {
    "frames": "one frame dropped or doubled",
    "time": "times moved by half a frame or a frame",
    "gop": "short GOP",
    "bitrate": "bitrate -15 % to +15 %, CRF",
    "scaler": "scalers",
}


@dataclass(frozen=True)
class Row:
    """One line of the table. `bounds` is the exact 95 % interval of a measured rate."""

    requirement: int
    what: str
    hits: int
    total: int
    limit: str
    ok: bool

    @property
    def measured(self) -> str:
        return f"{self.hits} of {self.total}"

    @property
    def bounds(self) -> tuple[float, float]:
        return clopper_pearson(self.hits, self.total)


def rows(records: Sequence[Record]) -> tuple[Row, ...]:
    """Every requirement that these records can answer; variants that were not run are left out."""
    honest = [one for one in records if one.kind == HONEST]
    found = [*_false_alarms(honest), *_recall(records), *_objective(records)]
    found += [*_quality(records), *_tolerances(honest), *_time(records)]
    return tuple(row for row in found if row.total)


def _none(requirement: int, what: str, records: Sequence[Record], test: Test) -> Row:
    hits = sum(test(one) for one in records)
    return Row(requirement, what, hits, len(records), "0", hits == 0)


def _share(requirement: int, what: str, records: Sequence[Record], test: Test, least: int) -> Row:
    hits = sum(test(one) for one in records)
    limit = "100 %" if least == 100 else f"at least {least} %"
    return Row(requirement, what, hits, len(records), limit, 100 * hits >= least * len(records))


Test = Callable[[Record], bool]


def _is_provable(one: Record) -> bool:
    return one.verdict == PROVABLE


def _is_severe(one: Record) -> bool:
    return one.verdict in (PROVABLE, SEVERE) or "CELL_SEVERE" in one.codes


def _is_flagged(one: Record) -> bool:
    return one.verdict != OK


def _named(records: Iterable[Record], *names: str) -> list[Record]:
    return [one for one in records if one.variant in names and one.kind == DISHONEST]


def _with(records: Iterable[Record], measure: str, least: float) -> list[Record]:
    return [one for one in records if (one.measures[measure] or 0.0) >= least]


def _false_alarms(honest: Sequence[Record]) -> Iterable[Row]:
    yield _none(4, "honest, provable", honest, _is_provable)
    yield _none(4, "honest, severe", honest, _is_severe)
    yield _none(4, "honest, flagged or at fault", honest, _is_flagged)


def _recall(records: Sequence[Record]) -> Iterable[Row]:
    for name in ALWAYS_PROVABLE:
        chosen, what = _named(records, name), f"{name}, provable"
        if name == "uv-swap":
            chosen = _with(chosen, COLOUR_GAP, MIN_COLOUR_GAP)
            what = f"{name} where U and V differ by {MIN_COLOUR_GAP:g}, provable"
        yield _share(5, what, chosen, _is_provable, 100)
    mirrored = _named(records, "mirror")
    what = f"mirror where that changes {MIN_MIRROR_GAP:g} levels, provable"
    yield _share(5, what, _with(mirrored, MIRROR_GAP, MIN_MIRROR_GAP), _is_provable, 95)
    yield _share(5, "mirror, any finding", mirrored, _is_flagged, 100)
    yield _share(5, "crop-10, provable", _named(records, "crop-10"), _is_provable, 75)
    yield _share(5, "logo-15, severe", _named(records, "logo-15"), _is_severe, 75)


def _objective(records: Sequence[Record]) -> Iterable[Row]:
    for name, code in OWN_CODES.items():
        yield _share(6, f"{name}, {code}", _named(records, name), _has({code}), 100)


def _has(codes: set[str]) -> Test:
    return lambda one: not codes.isdisjoint(one.codes)


def _detailed(records: Sequence[Record]) -> list[Record]:
    """Those of a content with fine detail that an ordinary encode at this rung keeps.

    Where it keeps none, an encode of a blown up picture is as good: there is nothing to find.
    """
    return [one for one in records if one.measures["detail"] is not None]


def _quality(records: Sequence[Record]) -> Iterable[Row]:
    full = _detailed(records)
    for name, least in (("upscaled-1-4", 100), ("upscaled-1-8", 100), ("upscaled-1-2", 80)):
        yield _share(7, f"{name} of fine detail, flagged", _named(full, name), _is_flagged, least)
    for name in ("upscaled-1-4-noise", "upscaled-1-4-sharpened"):
        what = f"{name} of fine detail, HIGH_PASS"
        yield _share(7, what, _named(full, name), _has({"HIGH_PASS"}), 100)


def _tolerances(honest: Sequence[Record]) -> Iterable[Row]:
    for group, what in TOLERATED.items():
        yield _none(8, f"{what}, flagged", [o for o in honest if o.group == group], _is_flagged)


def _time(records: Sequence[Record]) -> Iterable[Row]:
    plain = {one.pair: one.measures for one in _plain(records)}
    motion = {pair: measures["motion"] or 0.0 for pair, measures in plain.items()}
    # The second half is what the freeze from the middle hides.
    least = {pair: min(motion[pair], plain[pair][LATE_MOTION] or 0.0) for pair in plain}
    moving = [one for one in records if least.get(one.pair, 0.0) >= MOVING]
    still = [one for one in records if motion.get(one.pair, MOVING) < STILL]
    for name in ("freeze-first", "freeze-middle", "repeat-4"):
        what = f"{name} on moving content, STILL or REPEATS"
        yield _share(9, what, _named(moving, name), _has(TIME_CODES), 100)
    yield _none(9, "anything on still content, STILL or REPEATS", still, _has(TIME_CODES))


def _plain(records: Sequence[Record]) -> list[Record]:
    """The standard rendition of each pair, whose source motion stands for the pair."""
    return [one for one in records if one.kind == HONEST and one.variant == "preset-veryfast"]
