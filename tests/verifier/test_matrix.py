"""The part of the matrix that every run of the tests measures; the rest is a make target."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.requirements import record
from verifier.calibration.document import measured_part
from verifier.calibration.matrix import Record, limits_under_test, run_matrix
from verifier.calibration.requirements import Row, rows
from verifier.calibration.sizes import SIZES

pytestmark = pytest.mark.integration


def note(table: tuple[Row, ...], on: str) -> None:
    """Into the table that the run of the tests ends with."""
    for row in table:
        record(row.requirement, f"{on}: {row.what}", row.measured, row.limit)


def measure(size: str, cache: Path) -> tuple[Record, ...]:
    return run_matrix(SIZES[size], cache, processes=2, told=lambda *_: None)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("calibration")


@pytest.fixture(scope="module")
def small(cache: Path) -> tuple[Record, ...]:
    return measure("small", cache)


def test_matrix__honest_fingerprints__raise_nothing(cache: Path) -> None:
    records = measure("honest", cache)
    table = rows(records)
    assert len({one.variant for one in records}) >= 20
    assert len({one.content for one in records}) >= 6
    assert len({one.rung for one in records}) >= 2
    assert [(one.content, one.rung, one.variant, one.codes) for one in records if one.codes] == []
    assert {row.requirement for row in table} >= {4, 8}
    note(table, "fingerprints of six contents")


def test_matrix__all_rules_on_three_contents__meet_every_requirement(
    small: tuple[Record, ...],
) -> None:
    table = rows(small)
    assert {row.requirement for row in table} == {4, 5, 6, 7, 8, 9}
    assert [told(row) for row in table if not row.ok] == []
    note(table, "all rules on three contents")


def told(row: Row) -> str:
    return f"{row.requirement}: {row.what}: {row.measured}, limit {row.limit}"


def test_matrix__a_second_run__takes_every_record_from_the_cache(
    small: tuple[Record, ...], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("made again")

    monkeypatch.setattr("verifier.calibration.matrix.prepare", refuse)
    again = run_matrix(SIZES["small"], cache, processes=1, told=lambda *_: None)
    assert again == small


def test_measured_part__of_the_small_matrix__names_every_cheat(small: tuple[Record, ...]) -> None:
    text = measured_part(small, rows(small), limits_under_test(), ["a clip"])
    assert "Left out: a clip." in text
    for one in small:
        if one.kind == "dishonest":
            assert f"| {one.variant} |" in text
