"""Runs the matrix: every content at every rung, every honest and dishonest variant, checked.

One pair of content and rung is one task; tasks run in separate processes and leave their records
and renditions under the cache folder, so a second run does only what changed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from verifier.calibration import contents, dishonest, honest
from verifier.calibration.contents import Content
from verifier.calibration.honest import Variant
from verifier.calibration.material import Material, prepare, rungs_of
from verifier.calibration.pictures import Picture, Plane
from verifier.measures import Metrics
from verifier.thresholds import DEFAULT, Thresholds, corpus_hash, parse_thresholds

PACKAGE = Path(__file__).parents[1]
BATCH_LINES = 3_600
HONEST, DISHONEST, FORBIDDEN = "honest", "dishonest", "forbidden"
# What decides about the bytes of a rendition; everything else only about what is found in it.
MAKERS = ("canvas", "cheats", "contents", "dishonest", "encoding", "honest", "material", "pictures",
          "scenes")  # fmt: skip
# What decides about the findings, with the above. Limits are added as values.
JUDGES = ("align", "audio", "check", "containers", "csf", "decode", "devices", "faults", "findings",
          "measures", "media", "metrics", "reference", "rules", "temporal")  # fmt: skip
# What a cheat can change, because of the content: levels between U and V (8x8 grid), levels between
# the luma and its mirror image (16x16 grid), motion of the source in the second half.
COLOUR_GAP, MIRROR_GAP, LATE_MOTION = "colour_gap", "mirror_gap", "late_motion"
MEASURES = ("luma", "chroma", "grey", "cell", "motion", "still", "ms_ssim_loss", "detail",
            "high_pass")  # fmt: skip


@dataclass(frozen=True)
class Size:
    """How much of the matrix is run: contents, rungs, variants and whether quality is measured."""

    name: str
    contents: tuple[str, ...]
    rungs: tuple[int, ...]
    variants: tuple[str, ...]
    full: bool = True


@dataclass(frozen=True)
class Record:
    """What was found in one rendition. `measures` lack what could not be measured (None)."""

    content: str
    role: str
    rung: int
    variant: str
    group: str
    kind: str
    verdict: str
    codes: tuple[str, ...]
    measures: dict[str, float | None]
    bytes: int

    @property
    def pair(self) -> tuple[str, int]:
        """The cluster that records are not independent within."""
        return self.content, self.rung


def kinds() -> Iterator[tuple[str, Variant]]:
    """Every variant of the matrix with its kind."""
    yield from ((HONEST, one) for one in honest.VARIANTS)
    yield FORBIDDEN, honest.FORBIDDEN
    yield from ((DISHONEST, one) for one in dishonest.VARIANTS)


def limits_under_test(path: Path = DEFAULT) -> Thresholds:
    """The limits of a thresholds file, without the honest extremes that this run measures."""
    data = json.loads(path.read_text())
    unmeasured = {"calibration": "0"}
    data["corpus"] = {"hash": corpus_hash(unmeasured), "contents": unmeasured, "renditions": 1}
    low, high = ("grey", "detail", "high_pass"), ("luma", "chroma", "cell", "still", "ms_ssim_loss")
    data["honest"] = {**dict.fromkeys(low, 1e9), **dict.fromkeys(high, 0.0)}
    return parse_thresholds(data)


def run_matrix(
    size: Size, cache: Path, *, processes: int, told: Callable[[int, int, str], None]
) -> tuple[Record, ...]:
    """All records, in the order of the contents. `told` gets tasks done, tasks in all, a name."""
    found, _missing = contents.available(cache / "clips")
    chosen = [one for one in found if one.name in size.contents]
    tasks = [(one.name, rung) for one in chosen for rung in rungs_of(one) if _in(rung, size)]
    # The long ones first, so that no process waits for the last.
    tasks.sort(key=lambda task: -task[1] * contents.by_name(task[0]).frames)
    keys = cache_keys()
    results: dict[tuple[str, int], list[Record]] = {}
    _prune(cache / "renditions", keys.renditions)
    _prune(cache / "records", keys.records)
    told(0, len(tasks), "")
    if processes == 1:
        for task in tasks:
            results[task] = run_pair(*task, size, cache, keys)
            told(len(results), len(tasks), f"{task[0]} {task[1]}p")
    else:
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            futures = {pool.submit(run_pair, *task, size, cache, keys): task for task in tasks}
            for future in as_completed(futures):
                task = futures[future]
                results[task] = future.result()
                told(len(results), len(tasks), f"{task[0]} {task[1]}p")
    order = [one.name for one in contents.CONTENTS]
    return tuple(
        record
        for task in sorted(results, key=lambda task: (order.index(task[0]), task[1]))
        for record in results[task]
    )


def _in(rung: int, size: Size) -> bool:
    """A clip that is smaller than every rung has its own one, which always counts."""
    return rung in size.rungs or rung < min(size.rungs)


def run_pair(name: str, rung: int, size: Size, cache: Path, keys: CacheKeys) -> list[Record]:
    """The records of one content at one rung, from the cache where nothing changed."""
    store = _Store(name, rung, size.full, cache, keys)
    known = store.load()
    wanted = [
        (kind, one) for kind, one in kinds() if not size.variants or one.name in size.variants
    ]
    if any(one.name not in known for _, one in wanted):
        import torch

        torch.set_num_threads(1)
        content = contents.by_name(name)
        material = prepare(content, rung, _other(content), cache / "clips")
        pending = [(kind, one) for kind, one in wanted if one.name not in known]
        for _, variant in pending:
            known[variant.name] = None
        made = [(k, one) for k, one in pending if material.rescaled or not one.needs_scaling]
        # Together, so that the source is decoded and encoded once; not all, for the memory.
        at_once = max(4, BATCH_LINES // rung)
        for start in range(0, len(made), at_once):
            for record in _check(made[start : start + at_once], material, size.full, store):
                known[record.variant] = record
        store.save(known)
    records = (known[one.name] for _, one in wanted)
    return [record for record in records if record is not None]


def _other(content: Content) -> Content:
    """The clip that is delivered instead: another synthetic one, so that it is always there."""
    return contents.by_name("bars" if content.name != "bars" else "traffic")


def _check(
    variants: Sequence[tuple[str, Variant]], material: Material, full: bool, store: _Store
) -> Iterator[Record]:
    from verifier.check import check_segment

    renditions = [store.rendition(one, material) for _, one in variants]
    result = check_segment(
        material.source,
        renditions,
        [material.profile] * len(renditions),
        thresholds=limits_under_test(),
        isolate=False,
        metrics="full" if full else "fingerprint",
    )
    if result.unverifiable:
        raise RuntimeError(f"{material.content.name}: {result.unverifiable}")
    gaps = {COLOUR_GAP: _colour_gap(material), MIRROR_GAP: _mirror_gap(material)}
    for (kind, variant), data, checked in zip(variants, renditions, result.renditions, strict=True):
        values = {key: getattr(checked.metrics, key, None) for key in MEASURES}
        yield Record(
            content=material.content.name,
            role=material.content.role,
            rung=material.rung,
            variant=variant.name,
            group=variant.group,
            kind=kind,
            verdict=checked.verdict,
            codes=tuple(one.code.value for one in checked.findings),
            measures={
                **gaps,
                LATE_MOTION: _late_motion(checked.metrics),
                **{key: None if one is None else float(one) for key, one in values.items()},
            },
            bytes=len(data),
        )


def _some(material: Material) -> list[Picture]:
    """A few pictures over the length of the segment."""
    return material.scaled[:: max(1, len(material.scaled) // 4)]


def _grid(plane: Plane, cells: int) -> npt.NDArray[np.float64]:
    from verifier.csf import grid_means

    return np.asarray(grid_means(plane, cells), np.float64)


def _colour_gap(material: Material) -> float:
    gaps = (np.abs(_grid(one.u, 8) - _grid(one.v, 8)).mean() for one in _some(material))
    return float(min(gaps))


def _mirror_gap(material: Material) -> float:
    grids = (_grid(one.y, 16) for one in _some(material))
    return float(min(np.abs(grid - grid[:, ::-1]).mean() for grid in grids))


def _late_motion(metrics: Metrics | None) -> float | None:
    """Mean change of the source per frame, over the second half of the delivered frames."""
    if metrics is None:
        return None
    curve = metrics.curves.motion_source
    late = [value for value in curve[len(curve) // 2 :] if value is not None]
    return float(np.mean(late)) if late else None


def _digest(files: Sequence[Path], *more: str) -> str:
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.name.encode() + path.read_bytes())
    for text in more:
        digest.update(text.encode())
    return digest.hexdigest()[:16]


@dataclass(frozen=True)
class CacheKeys:
    """Names of the cache folders: one per state of the code that made what is inside."""

    renditions: str
    records: str


def cache_keys() -> CacheKeys:
    """The keys of the code as it is now."""
    import av

    folder = Path(__file__).parent
    makers = [folder / f"{one}.py" for one in MAKERS]
    judges = [PACKAGE / f"{one}.py" for one in JUDGES] + [Path(__file__)]
    limits = json.dumps(limits_under_test().to_json(), sort_keys=True)
    return CacheKeys(_digest(makers, av.__version__), _digest(makers + judges, limits))


def _prune(parent: Path, key: str) -> None:
    """Makes the folder of this key and removes those of older code."""
    (parent / key).mkdir(parents=True, exist_ok=True)
    for old in parent.iterdir():
        if old.name != key:
            shutil.rmtree(old, ignore_errors=True)


class _Store:
    """Renditions and records of one pair on disk."""

    def __init__(self, name: str, rung: int, full: bool, cache: Path, keys: CacheKeys) -> None:
        mode = "full" if full else "fingerprint"
        self._renditions = cache / "renditions" / keys.renditions / f"{name}-{rung}"
        self._records = cache / "records" / keys.records / f"{name}-{rung}-{mode}.json"

    def rendition(self, variant: Variant, material: Material) -> bytes:
        path = self._renditions / f"{variant.name}.ts"
        if path.is_file():
            return path.read_bytes()
        data = variant.make(material)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".part").write_bytes(data)
        path.with_suffix(".part").rename(path)
        return data

    def load(self) -> dict[str, Record | None]:
        if not self._records.is_file():
            return {}
        entries: dict[str, Any] = json.loads(self._records.read_text())
        return {
            name: one and replace(Record(**one), codes=tuple(one["codes"]))
            for name, one in entries.items()
        }

    def save(self, records: dict[str, Record | None]) -> None:
        entries = {name: one and asdict(one) for name, one in records.items()}
        part = self._records.with_suffix(".part")
        part.write_text(json.dumps(entries))
        part.rename(self._records)
