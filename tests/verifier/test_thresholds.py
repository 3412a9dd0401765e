"""Thresholds are data: a versioned file with its corpus, and a loader that refuses unsafe ones."""

from __future__ import annotations

import copy
import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.requirements import record
from verifier import faults
from verifier.thresholds import (
    DEFAULT,
    SAFETY,
    VERSION,
    Thresholds,
    ThresholdsError,
    corpus_hash,
    load_thresholds,
    parse_thresholds,
)

CONTENTS = {"one.mp4": "1f" * 32, "two.mp4": "2e" * 32}
SAFE: dict[str, Any] = {
    "version": 1,
    "corpus": {"hash": corpus_hash(CONTENTS), "contents": CONTENTS, "renditions": 40},
    "honest": {
        "luma": 1.5,
        "chroma": 0.5,
        "grey": 0.9,
        "cell": 10.0,
        "still": 0.1,
        "ms_ssim_loss": 0.05,
        "detail": 0.7,
        "high_pass": 0.6,
    },
    "provable": {"luma": 8.0, "chroma": 8.0, "grey": 0.25},
    "flag": {
        "luma": 3.0,
        "chroma": 3.0,
        "grey": 0.5,
        "cell": 14.0,
        "cell_severe": 40.0,
        "still": 0.35,
        "ms_ssim_loss": 0.08,
        "detail": 0.6,
        "high_pass": 0.5,
    },
    "objective": {
        "frames": 2,
        "frames_share": 0.08,
        "duration_share": 0.08,
        "audio_packets": 10,
    },
    "applies": {"motion": 0.3, "detail_energy": 2.0, "high_pass": 0.6},
}
CONTRACT = (
    "provable limits are not those of the contract, {'luma': 8.0, 'chroma': 8.0, 'grey': 0.25}"
)
BEYOND = "a flag limit is beyond the provable one"
MAXIMA = ("luma", "chroma", "cell", "still", "ms_ssim_loss")
MINIMA = ("grey", "detail", "high_pass")
SECTIONS = [name for name in SAFE if name != "version"]


def altered(*changes: tuple[str, str, Any]) -> dict[str, Any]:
    """The safe file with values replaced: section, key, value."""
    data = copy.deepcopy(SAFE)
    for section, key, value in changes:
        data[section][key] = value
    return data


def without(section: str, key: str | None = None) -> dict[str, Any]:
    data = copy.deepcopy(SAFE)
    if key is None:
        del data[section]
    else:
        del data[section][key]
    return data


def unsafe() -> Iterator[tuple[str, Any, str]]:
    """What is wrong with a file, the file, and the line that says so."""
    yield from corpus_and_version()
    yield from limits()
    yield from shapes()


def corpus_and_version() -> Iterator[tuple[str, Any, str]]:
    for version in (2, 0, "1", None, True, 1.0):
        text = f"unknown version {version!r}, this code knows 1"
        yield f"version {version!r}", {**SAFE, "version": version}, text
    yield "no version", without("version"), "unknown version None, this code knows 1"
    for empty in ("", None):
        text = "corpus.hash is empty: limits need the corpus they were set on"
        yield f"corpus hash {empty!r}", altered(("corpus", "hash", empty)), text
    wrong = "corpus.hash is not the hash of corpus.contents"
    yield "another corpus hash", altered(("corpus", "hash", "ab" * 32)), wrong
    more = {**CONTENTS, "three.mp4": "3d" * 32}
    yield "a content added", altered(("corpus", "contents", more)), wrong
    other = {**CONTENTS, "two.mp4": "2d" * 32}
    yield "a content replaced", altered(("corpus", "contents", other)), wrong
    nothing = "corpus names no contents or no renditions"
    hashed = ("corpus", "hash", corpus_hash({}))
    yield "no contents", altered(hashed, ("corpus", "contents", {})), nothing
    yield "contents in a list", altered(("corpus", "contents", ["one.mp4"])), nothing
    for count in (0, "40", None, math.nan, True):
        yield f"{count!r} renditions", altered(("corpus", "renditions", count)), nothing
    digests = "corpus.contents must be hashes in hex by name"
    yield "a content without a hash", altered(("corpus", "contents", {"one.mp4": 1})), digests


def limits() -> Iterator[tuple[str, Any, str]]:
    near = "provable.luma 8.0 is under 4 times the honest maximum 2.01"
    yield "proof near honest work", altered(("honest", "luma", 2.01)), near
    for name, value in (("luma", 7.9), ("luma", 8.1), ("chroma", 7.0), ("grey", 0.3)):
        file = altered(("provable", name, value))
        yield f"provable {name} {value}", file, CONTRACT
    for names, side in ((MAXIMA, "above the honest maximum"), (MINIMA, "below the honest minimum")):
        step = 0.01 if names is MAXIMA else -0.01
        for name in names:
            reached = SAFE["honest"][name]
            for value in (reached, reached - step):
                file = altered(("flag", name, value))
                yield f"flag {name} {value}", file, f"flag.{name} is not {side}"
    for name, value in (("luma", 8.01), ("chroma", 8.01), ("grey", 0.24)):
        yield f"flag {name} beyond proof", altered(("flag", name, value)), BEYOND
    severe = altered(("flag", "cell_severe", 13.9))
    yield "severe before flagged", severe, "flag.cell_severe is below flag.cell"


def shapes() -> Iterator[tuple[str, Any, str]]:
    for name in SECTIONS:
        yield f"no section {name}", without(name), f"section {name} is missing"
        for value in ([], None, 3):
            yield f"{name} is {value!r}", {**SAFE, name: value}, f"section {name} is missing"
        yield f"{name} knows more", altered((name, "extra", 1)), f"{name}.extra is unknown"
        for key in SAFE[name]:
            yield f"no {name}.{key}", without(name, key), f"{name}.{key} is missing"
    yield "an unknown section", {**SAFE, "opinions": {}}, "unknown section opinions"
    for value in ("3", None, True, [3], -0.1, math.nan, -math.inf, math.inf, 10**400, 2.5):
        for section, key in (("flag", "luma"), ("honest", "still"), ("objective", "frames")):
            what = "a whole number" if key == "frames" else "a number"
            text = f"{section}.{key} must be {what} from 0 to 1e9, not {repr(value)[:40]}"
            if value != 2.5 or key == "frames":
                yield f"{section}.{key} is {value!r}", altered((section, key, value)), text
    for value in ([], "thresholds", None, 1):
        yield f"the file is {value!r}", value, "must be an object"


def told(path: Path, data: Any) -> str:
    """The line a file is refused with; empty if it loads."""
    path.write_text(json.dumps(data))
    try:
        load_thresholds(path)
    except ThresholdsError as error:
        return str(error)
    return ""


def test_load_thresholds__shipped_file__is_safe_and_versioned() -> None:
    shipped = load_thresholds()
    assert shipped == load_thresholds(DEFAULT)
    assert shipped.version == VERSION == 1
    assert shipped.corpus.hash == corpus_hash(shipped.corpus.contents)
    assert all(re.fullmatch("[0-9a-f]{64}", one) for one in shipped.corpus.contents.values())
    assert shipped.to_json() == json.loads(DEFAULT.read_text())
    ratio = shipped.provable.luma / shipped.honest.luma
    assert ratio >= SAFETY == 4
    record(10, "provable luma limit, times the honest maximum", f"{ratio:.2f}", ">= 4")


def test_load_thresholds__shipped_file__proves_what_the_contract_proves() -> None:
    provable = load_thresholds().provable
    assert provable.luma * 256 == faults.LUMA_SUM
    assert provable.chroma * 64 == faults.CHROMA_SUM
    assert provable.grey * faults.GREY_SHARE == 1


def test_load_thresholds__safe_file__gives_its_values(tmp_path: Path) -> None:
    path = tmp_path / "safe.json"
    assert told(path, SAFE) == ""
    assert load_thresholds(path).to_json() == SAFE


def test_load_thresholds__every_unsafe_file__is_refused_with_its_line(tmp_path: Path) -> None:
    """Requirement 10."""
    cases = list(unsafe())
    wrong = []
    for at, (name, data, expected) in enumerate(cases):
        path = tmp_path / f"{at}.json"
        got = told(path, data)
        if got != f"{path}: {expected}":
            wrong.append((name, got, expected))
    assert wrong == []
    assert len(cases) >= 100
    record(10, "unsafe files of thresholds refused", f"{len(cases)} of {len(cases)}", "all")


@pytest.mark.parametrize(
    "changes",
    [
        [("honest", "luma", 2.0)],
        [("flag", "luma", 8.0), ("flag", "chroma", 8.0), ("flag", "grey", 0.25)],
        [("flag", "cell_severe", 14.0)],
        [("flag", name, SAFE["honest"][name] + 0.001) for name in MAXIMA],
        [("flag", name, SAFE["honest"][name] - 0.001) for name in MINIMA],
        [("corpus", "renditions", 1)],
        [("objective", name, 0) for name in SAFE["objective"]],
    ],
    ids=[
        "proof at four times honest",
        "flags at the provable limits",
        "severe at flagged",
        "flags just above honest",
        "flags just below honest",
        "one rendition",
        "no tolerance",
    ],
)
def test_parse_thresholds__just_inside__is_accepted(changes: list[tuple[str, str, Any]]) -> None:
    assert parse_thresholds(altered(*changes)).to_json() == altered(*changes)


@pytest.mark.parametrize("content", [b"", b"{", b"version: 1", b"\xff\xfe{}"])
def test_load_thresholds__not_json__is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.json"
    path.write_bytes(content)
    with pytest.raises(ThresholdsError) as refused:
        load_thresholds(path)
    assert re.fullmatch(rf"{re.escape(str(path))}: not JSON \([^\n]+\)", str(refused.value))


def test_load_thresholds__no_file__says_so(tmp_path: Path) -> None:
    absent = tmp_path / "absent.json"
    with pytest.raises(ThresholdsError) as refused:
        load_thresholds(absent)
    assert str(refused.value) == f"{absent}: No such file or directory"
    with pytest.raises(ThresholdsError, match=f"^{re.escape(str(tmp_path))}: Is a directory$"):
        load_thresholds(tmp_path)


def values(thresholds: Thresholds) -> Iterator[tuple[str, Callable[[Any], Thresholds], Any]]:
    """Every value of a file: its name, what puts another in its place, and itself."""
    for part in fields(thresholds):
        section = getattr(thresholds, part.name)
        if not is_dataclass(section):
            yield part.name, lambda value, n=part.name: replace(thresholds, **{n: value}), section
            continue
        for one in fields(section):
            yield (
                f"{part.name}.{one.name}",
                lambda value, n=part.name, s=section, k=one.name: replace(
                    thresholds, **{n: replace(s, **{k: value})}
                ),
                getattr(section, one.name),
            )


def test_hash__any_value_changed__is_another() -> None:
    thresholds = parse_thresholds(SAFE)
    hashes = {thresholds.hash: "unchanged"}
    for name, put, value in values(thresholds):
        other = value + 0.5 if isinstance(value, int | float) else None
        other = {**value, "more": "4c" * 32} if isinstance(value, dict) else other
        other = "00" * 32 if isinstance(value, str) else other
        again = put(other).hash
        assert again not in hashes, (name, hashes[again])
        hashes[again] = name
    assert len(hashes) == 2 + sum(len(SAFE[name]) for name in SECTIONS)


def test_hash__other_order_and_spaces__is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    turned = {name: SAFE[name] for name in reversed(SAFE)}
    turned["flag"] = {name: SAFE["flag"][name] for name in reversed(SAFE["flag"])}
    path.write_text(json.dumps(turned, indent=7))
    assert load_thresholds(path).hash == parse_thresholds(SAFE).hash
    assert len(load_thresholds(path).hash) == 32


def test_corpus_hash__order_of_contents__does_not_matter() -> None:
    assert corpus_hash(dict(reversed(CONTENTS.items()))) == corpus_hash(CONTENTS)
    names_swapped = dict(zip(CONTENTS, reversed(CONTENTS.values()), strict=True))
    assert corpus_hash(names_swapped) != corpus_hash(CONTENTS)
