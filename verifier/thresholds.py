"""Limits of a check, read from a versioned file that says which corpus they were set on.

The loader refuses a file that could accuse the honest: limits inside or near the honest range, or
provable limits other than those the contract computes with.
Source: verification spec, sections 5 (recalibration) and 8.4, requirement 10.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from verifier import faults

VERSION = 1
DEFAULT = Path(__file__).parent / "thresholds" / "v1.json"
# The provable luma limit must be this many times what honest work ever reached.
SAFETY = 4.0
# Above every level, share and count; what is larger is no limit.
LARGEST = 10**9

T = TypeVar("T")


class ThresholdsError(ValueError):
    """A file of thresholds that is not usable; one line that says why."""


@dataclass(frozen=True)
class Corpus:
    """The contents that the honest extremes were measured on: name to sha256 of the source file.

    `hash` is `corpus_hash(contents)`, `renditions` how many honest ones were measured.
    """

    hash: str
    contents: Mapping[str, str]
    renditions: int


@dataclass(frozen=True)
class Honest:
    """The extreme of each metric over the honest renditions: `detail`, `high_pass`, `grey` are
    minima, the others maxima. Units as in `verifier.check.Metrics`."""

    luma: float
    chroma: float
    grey: float
    cell: float
    still: float
    ms_ssim_loss: float
    detail: float
    high_pass: float


@dataclass(frozen=True)
class Provable:
    """Levels, and the share of colour that is left; fixed by the contract."""

    luma: float
    chroma: float
    grey: float


@dataclass(frozen=True)
class Flag:
    """Beyond these a rendition is flagged; `cell_severe` is severe. Same units as Honest."""

    luma: float
    chroma: float
    grey: float
    cell: float
    cell_severe: float
    still: float
    ms_ssim_loss: float
    detail: float
    high_pass: float


@dataclass(frozen=True)
class Objective:
    """Allowed to differ: frames, by the larger of number and share; duration; audio packets."""

    frames: int
    frames_share: float
    duration_share: float
    audio_packets: int


@dataclass(frozen=True)
class Applies:
    """Least content for a rule to speak.

    motion: levels per frame. detail_energy: squared Laplacian per pixel of the own encode.
    high_pass: correlation of the own encode's Laplacian with the source's.
    """

    motion: float
    detail_energy: float
    high_pass: float


@dataclass(frozen=True)
class Thresholds:
    """One file. `hash` is the sha256 of its content in canonical form, for signed reports."""

    version: int
    corpus: Corpus
    honest: Honest
    provable: Provable
    flag: Flag
    objective: Objective
    applies: Applies

    @property
    def hash(self) -> bytes:
        canonical = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).digest()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def corpus_hash(contents: Mapping[str, str]) -> str:
    """sha256 over the sorted lines "name sha256", one per content."""
    lines = "".join(f"{name} {digest}\n" for name, digest in sorted(contents.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def load_thresholds(path: Path | None = None) -> Thresholds:
    """The file at `path`, or the shipped one. Raises ThresholdsError for a file that is unsafe."""
    return _load(path or DEFAULT)


@cache
def _load(path: Path) -> Thresholds:
    try:
        data = json.loads(path.read_text())
    except OSError as error:
        raise ThresholdsError(f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ThresholdsError(f"{path}: not JSON ({error})") from None
    try:
        return parse_thresholds(data)
    except ThresholdsError as error:
        raise ThresholdsError(f"{path}: {error}") from None


def parse_thresholds(data: Any) -> Thresholds:
    """Thresholds from decoded JSON, checked. Raises ThresholdsError."""
    if not isinstance(data, dict):
        raise ThresholdsError("must be an object")
    version = data.get("version")
    if type(version) is not int or version != VERSION:
        raise ThresholdsError(f"unknown version {version!r}, this code knows {VERSION}")
    sections = {
        "corpus": Corpus,
        "honest": Honest,
        "provable": Provable,
        "flag": Flag,
        "objective": Objective,
        "applies": Applies,
    }
    unknown = set(data) - set(sections) - {"version"}
    if unknown:
        raise ThresholdsError(f"unknown section {sorted(unknown)[0]}")
    read: dict[str, Any] = {
        name: _section(name, kind, data.get(name)) for name, kind in sections.items()
    }
    thresholds = Thresholds(version, **read)
    _check_corpus(thresholds.corpus)
    _check_provable(thresholds)
    _check_flags(thresholds)
    return thresholds


def _section(name: str, kind: type[T], data: Any) -> T:
    if not isinstance(data, dict):
        raise ThresholdsError(f"section {name} is missing")
    wanted = {one.name for one in fields(kind)}
    for key in sorted(wanted ^ set(data)):
        raise ThresholdsError(f"{name}.{key} is {'missing' if key in wanted else 'unknown'}")
    if kind is not Corpus:
        counts = {one.name for one in fields(kind) if str(one.type) == "int"}
        for key, value in data.items():
            known = (int,) if key in counts else (int, float)
            if type(value) not in known or not 0 <= value <= LARGEST:
                what = "a whole number" if key in counts else "a number"
                shown = repr(value)[:40]
                raise ThresholdsError(f"{name}.{key} must be {what} from 0 to 1e9, not {shown}")
    return kind(**data)


def _check_corpus(corpus: Corpus) -> None:
    if not corpus.hash:
        raise ThresholdsError("corpus.hash is empty: limits need the corpus they were set on")
    count, contents = corpus.renditions, corpus.contents
    if not isinstance(contents, dict) or not contents or type(count) is not int or count < 1:
        raise ThresholdsError("corpus names no contents or no renditions")
    if not all(isinstance(digest, str) for digest in contents.values()):
        raise ThresholdsError("corpus.contents must be hashes in hex by name")
    if corpus.hash != corpus_hash(corpus.contents):
        raise ThresholdsError("corpus.hash is not the hash of corpus.contents")


def _check_provable(thresholds: Thresholds) -> None:
    computed = Provable(faults.LUMA_SUM / 256, faults.CHROMA_SUM / 64, 1 / faults.GREY_SHARE)
    if thresholds.provable != computed:
        raise ThresholdsError(f"provable limits are not those of the contract, {asdict(computed)}")
    reached = thresholds.honest.luma
    if thresholds.provable.luma < SAFETY * reached:
        raise ThresholdsError(
            f"provable.luma {thresholds.provable.luma} is under {SAFETY:g} times the honest"
            f" maximum {reached}"
        )


def _check_flags(thresholds: Thresholds) -> None:
    """Every limit lies outside what honest work reached, and proof is never easier than a flag."""
    flag, honest, provable = thresholds.flag, thresholds.honest, thresholds.provable
    for name in ("luma", "chroma", "cell", "still", "ms_ssim_loss"):
        if getattr(flag, name) <= getattr(honest, name):
            raise ThresholdsError(f"flag.{name} is not above the honest maximum")
    for name in ("grey", "detail", "high_pass"):
        if getattr(flag, name) >= getattr(honest, name):
            raise ThresholdsError(f"flag.{name} is not below the honest minimum")
    if flag.luma > provable.luma or flag.chroma > provable.chroma or flag.grey < provable.grey:
        raise ThresholdsError("a flag limit is beyond the provable one")
    if flag.cell_severe < flag.cell:
        raise ThresholdsError("flag.cell_severe is below flag.cell")
