"""The count of a day survives crashes, clocks and full disks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from keepers.core.day_count import DAY, DayCount
from keepers.core.signing import SigningError
from tests.keepers.core.signing_cases import ADDRESS, OTHER

NOW = 20_000.5 * DAY


@contextmanager
def opened(folder: Path) -> Iterator[DayCount]:
    with closing(DayCount(folder / "count")) as count:
        yield count


def test_today__after_a_restart__is_what_it_was(tmp_path: Path) -> None:
    with opened(tmp_path) as count:
        count.add(ADDRESS, NOW)
        count.add(ADDRESS, NOW + 1)
        count.add(OTHER, NOW)
    with opened(tmp_path) as count:
        assert (count.today(ADDRESS, NOW), count.today(OTHER, NOW)) == (2, 1)


def test_today__next_day__starts_at_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as count:
        count.add(ADDRESS, NOW)
        assert count.today(ADDRESS, NOW + DAY / 2) == 0
        count.add(OTHER, NOW + DAY)
        assert (count.today(ADDRESS, NOW + DAY), count.today(OTHER, NOW + DAY)) == (0, 1)


def test_today__clock_goes_back__still_counts(tmp_path: Path) -> None:
    with opened(tmp_path) as count:
        count.add(ADDRESS, NOW)
        count.add(ADDRESS, NOW - 3 * DAY)
        assert count.today(ADDRESS, NOW - 3 * DAY) == 2
        assert count.today(ADDRESS, NOW) == 2


def test_add__disk_is_full__raises_and_counts_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    with opened(tmp_path) as count:
        count.add(ADDRESS, NOW)
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(SigningError, match="No space left on device.*nothing is signed"):
                count.add(ADDRESS, NOW)
        assert count.today(ADDRESS, NOW) == 1
    with opened(tmp_path) as count:
        assert count.today(ADDRESS, NOW) == 1


def test_open__while_another_has_it__is_refused(tmp_path: Path) -> None:
    with opened(tmp_path), pytest.raises(SigningError, match="another signer counts in it"):
        DayCount(tmp_path / "count")
    with opened(tmp_path):
        pass


DAMAGED = [
    *("", "[]", "{}", '{"day": "1", "signed": {}}'),
    *('{"day": 1, "signed": {"a": -1}}', '{"day": 1, "signed": []}'),
]


@pytest.mark.parametrize("text", DAMAGED)
def test_open__damaged_file__is_refused_until_deleted(tmp_path: Path, text: str) -> None:
    (tmp_path / "count").write_text(text)
    with pytest.raises(SigningError, match="is no count of signatures; delete it"):
        DayCount(tmp_path / "count")
    (tmp_path / "count").unlink()
    with opened(tmp_path) as count:
        assert count.today(ADDRESS, NOW) == 0


def test_files__are_for_their_owner_alone(tmp_path: Path) -> None:
    with opened(tmp_path) as count:
        count.add(ADDRESS, NOW)
    assert {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {
        "count": 0o600,
        "count.lock": 0o600,
    }
