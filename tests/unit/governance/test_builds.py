"""Builds from patched sources: each piece exactly once, and a copy that nobody changes again."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts._governance.builds import Patch, apply, patched_root
from scripts._governance.worlds import BEFORE_LIP_118, INFLATION_BOUNDS


@pytest.mark.parametrize(("text", "found"), [("a b", 0), ("old old", 2)])
def test_apply__piece_not_there_exactly_once__is_refused(
    tmp_path: Path, text: str, found: int
) -> None:
    (tmp_path / "A.vy").write_text(text)
    with pytest.raises(LookupError, match=f"A.vy: expected once, found {found} times: 'old'"):
        apply([Patch("A.vy", "old", "new")], tmp_path)
    assert (tmp_path / "A.vy").read_text() == text


def test_apply__several_pieces__are_all_replaced(tmp_path: Path) -> None:
    (tmp_path / "A.vy").write_text("one two")
    apply([Patch("A.vy", "one", "1"), Patch("A.vy", "two", "2")], tmp_path)
    assert (tmp_path / "A.vy").read_text() == "1 2"


@pytest.mark.parametrize("patches", [BEFORE_LIP_118, INFLATION_BOUNDS])
def test_patched_root__patches_of_the_worlds__fit_the_sources(
    tmp_path: Path, patches: tuple[Patch, ...]
) -> None:
    root = patched_root(patches, folder=tmp_path)
    for patch in patches:
        assert patch.new in (root / "contracts" / patch.source).read_text()


def test_patched_root__asked_again__is_the_same_folder_untouched(tmp_path: Path) -> None:
    root = patched_root(INFLATION_BOUNDS, folder=tmp_path)
    (root / "mark").write_text("")
    assert patched_root(INFLATION_BOUNDS, folder=tmp_path) == root
    assert (root / "mark").exists()
    assert [path.name for path in tmp_path.iterdir()] == [root.name]


def test_patched_root__other_patches__is_another_folder(tmp_path: Path) -> None:
    one = patched_root(INFLATION_BOUNDS, folder=tmp_path)
    assert patched_root(BEFORE_LIP_118, folder=tmp_path) != one
