"""Whether the shipped thresholds fit what the matrix measured, and how to record it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache
from math import ceil, floor
from pathlib import Path
from typing import Any

import numpy as np

from verifier.calibration.contents import CONTENTS, MAIN, SETTING, Content
from verifier.calibration.matrix import HONEST, Record
from verifier.calibration.summary import FALLING, RULED, worst
from verifier.thresholds import DEFAULT, ThresholdsError, corpus_hash, load_thresholds

DECIMALS = 3


@lru_cache(maxsize=1)
def corpus() -> dict[str, str]:
    """SHA-256 of each content that thresholds are set on: a scene's pixels or a clip's file.

    The clips need not be there: their hashes are pinned.
    """
    return {one.name: one.sha256 or _pixels(one) for one in CONTENTS if one.role == SETTING}


def _pixels(content: Content) -> str:
    if content.scene is None:
        raise ValueError(f"{content.name} has neither a scene nor the hash of a clip")
    digest = hashlib.sha256(f"{content.rate} {content.frames}\n".encode())
    shot = content.scene(content.width, content.height, np.random.default_rng(content.seed))
    for at in range(content.frames):
        for plane in shot(MAIN + at):
            digest.update(plane.tobytes())
    return digest.hexdigest()


def honest_extremes(records: Sequence[Record]) -> dict[str, float]:
    """The honest extreme of each measure on the setting contents, rounded outwards."""
    scale = 10**DECIMALS
    own = [one for one in records if one.role == SETTING]
    found = {measure: worst(own, measure) for measure in RULED}
    return {
        name: (floor if name in FALLING else ceil)(value * scale - 1e-9 * (name not in FALLING))
        / scale
        for name, value in found.items()
        if value is not None
    }


def recorded(path: Path, records: Sequence[Record]) -> dict[str, Any]:
    """The thresholds file with corpus and honest extremes of these records; limits stay."""
    data: dict[str, Any] = json.loads(path.read_text())
    honest = [one for one in records if one.kind == HONEST and one.role == SETTING]
    data["corpus"] = {
        "hash": corpus_hash(corpus()),
        "contents": corpus(),
        "renditions": len(honest),
    }
    data["honest"] = honest_extremes(records)
    return data


def problems(records: Sequence[Record], path: Path = DEFAULT) -> list[str]:
    """Why the file must not be shipped with what was measured; empty when it may be."""
    try:
        shipped = load_thresholds(path)
    except ThresholdsError as error:
        return [str(error)]
    found = []
    if dict(shipped.corpus.contents) != corpus():
        found.append(f"{path.name} was set on another corpus; run with RECORD=1")
    measured = honest_extremes(records)
    for name, value in measured.items():
        known = getattr(shipped.honest, name)
        if value < known if name in FALLING else value > known:
            found.append(f"honest {name} reaches {value:g}, {path.name} says {known:g}")
    return found
