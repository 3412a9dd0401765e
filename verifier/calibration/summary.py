"""What the records amount to: honest extremes, recall by cheat, AUC by class, tails."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from verifier.calibration.contents import SETTING
from verifier.calibration.matrix import DISHONEST, HONEST, Record
from verifier.calibration.statistics import (
    TAIL_CUTS,
    auc,
    bootstrap_tail,
    caught_without_false_alarm,
    clopper_pearson,
    tail_probability,
)

# Measures that fall when something is wrong; the others rise.
FALLING = ("grey", "detail", "high_pass")
RULED = ("luma", "chroma", "grey", "cell", "still", "ms_ssim_loss", "detail", "high_pass")
# From one decimal to the next is where limits are read, so recorded extremes are rounded outwards.
RECORDED_DECIMALS = 3


@dataclass(frozen=True)
class Extreme:
    """Honest values of one measure: how many, the middle, and the worst of each half."""

    measure: str
    count: int
    median: float
    setting: float | None
    testing: float | None
    who: str


@dataclass(frozen=True)
class Caught:
    """What the rules make of one variant. Rates of `total`; `bounds` is of `flagged`."""

    variant: str
    group: str
    total: int
    luma: tuple[float, float, float] | None
    provable: int
    severe: int
    flagged: int

    @property
    def bounds(self) -> tuple[float, float]:
        return clopper_pearson(self.flagged, self.total)


def values(records: Sequence[Record], measure: str) -> list[float]:
    """The measured values; records without one are left out."""
    return [value for one in records if (value := one.measures.get(measure)) is not None]


def honest_of(records: Sequence[Record]) -> list[Record]:
    return [one for one in records if one.kind == HONEST]


def worst(records: Sequence[Record], measure: str) -> float | None:
    """The honest extreme of a measure; None when nothing was measured."""
    found = values(honest_of(records), measure)
    if not found:
        return None
    return min(found) if measure in FALLING else max(found)


def extremes(records: Sequence[Record]) -> tuple[Extreme, ...]:
    """Honest extremes of every measure that a rule uses."""
    honest = honest_of(records)
    result = []
    for measure in RULED:
        measured = [one for one in honest if one.measures.get(measure) is not None]
        if not measured:
            continue
        sign = 1 if measure in FALLING else -1
        who = min(measured, key=lambda one: sign * (one.measures[measure] or 0.0))  # noqa: B023
        halves = [
            worst([one for one in honest if (one.role == SETTING) is first], measure)
            for first in (True, False)
        ]
        result.append(
            Extreme(
                measure,
                len(measured),
                float(np.median(values(measured, measure))),
                halves[0],
                halves[1],
                f"{who.variant} on {who.content} at {who.rung}p",
            )
        )
    return tuple(result)


def caught(records: Sequence[Record]) -> tuple[Caught, ...]:
    """One entry per variant that is not honest, in the order of the matrix."""
    names = list(dict.fromkeys(one.variant for one in records if one.kind != HONEST))
    result = []
    for name in names:
        own = [one for one in records if one.variant == name and one.kind != HONEST]
        luma = values(own, "luma")
        result.append(
            Caught(
                variant=name,
                group=own[0].group,
                total=len(own),
                luma=(min(luma), float(np.median(luma)), max(luma)) if luma else None,
                provable=sum(one.verdict == "provable" for one in own),
                severe=sum(
                    one.verdict in ("provable", "severe") or "CELL_SEVERE" in one.codes
                    for one in own
                ),
                flagged=sum(one.verdict != "ok" for one in own),
            )
        )
    return tuple(result)


def scores(records: Sequence[Record], measure: str) -> list[float]:
    """Values turned so that larger means more suspicious."""
    sign = -1.0 if measure in FALLING else 1.0
    return [sign * value for value in values(records, measure)]


def groups(records: Sequence[Record]) -> tuple[str, ...]:
    """Classes of cheats whose pictures were measured."""
    return tuple(
        dict.fromkeys(
            one.group
            for one in records
            if one.kind == DISHONEST and one.measures.get("luma") is not None
        )
    )


def separation(records: Sequence[Record], group: str, measure: str) -> tuple[float, float] | None:
    """AUC, and the share caught with no honest false alarm; None where nothing was measured."""
    honest = scores(honest_of(records), measure)
    cheats = scores([o for o in records if o.kind == DISHONEST and o.group == group], measure)
    if not honest or not cheats:
        return None
    return auc(honest, cheats), caught_without_false_alarm(honest, cheats)


@dataclass(frozen=True)
class Tail:
    """Probability that an honest rendition exceeds `limit`: fits at three cuts, bootstrap bound."""

    measure: str
    limit: float
    fits: tuple[float, ...]
    bootstrap: float


def tail(records: Sequence[Record], measure: str, limit: float) -> Tail:
    """Clusters are the pairs of content and rung."""
    honest = honest_of(records)
    clusters: dict[Hashable, list[float]] = {}
    for one in honest:
        value = one.measures.get(measure)
        if value is not None:
            clusters.setdefault(one.pair, []).append(value)
    everything = [value for group in clusters.values() for value in group]
    fits = tuple(tail_probability(everything, limit, cut) for cut in TAIL_CUTS)
    return Tail(measure, limit, fits, bootstrap_tail(clusters, limit))
