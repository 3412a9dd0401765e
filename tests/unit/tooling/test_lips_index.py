"""The index of proposals: mistakes in documents are named, the committed index is fresh."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.lips_index import BEGIN, END, ROOT, Document, LipError, documents, indexed, problems

GOOD = """---
lip: 7
title: A proposal
author: somebody (@somebody)
type: Parameter
status: Final
created: 2026-11-26
discussions-to: none yet
requires: 1, 2
proposal: scripts/proposals/lip_7.py
test: tests/proposals/test_lip_7.py
---

## Abstract

See [the test](../tests/proposals/test_lip_7.py).

## Motivation

## Specification

## Backwards compatibility

## Security considerations
"""
SCRIPT = 'LIP = 7\nTITLE: str = "A proposal"\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in {
        "lips/lip-7.md": GOOD,
        "scripts/proposals/lip_7.py": SCRIPT,
        "tests/proposals/test_lip_7.py": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def found_in(root: Path) -> list[str]:
    return problems(documents(root), root)


def test_problems__complete_document__none(root: Path) -> None:
    assert found_in(root) == []


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("lip: 7\n", "lip: 8\n", "lip-7.md: its `lip` is 8"),
        ("type: Parameter", "type: Standards Track", "type 'Standards Track' is none of LIP-1"),
        ("status: Final", "status: Live", "status 'Live' is none of LIP-1"),
        ("status: Final", "status: Rejected", "rejected, and does not say **What if.**"),
        ("title: A proposal", "title: " + "x" * 61, "the title has 3 to 60 characters"),
        ("author: somebody (@somebody)\n", "", "no `author`"),
        ("requires: 1, 2", "requires: LIP-1", "requires 'LIP-1': no number"),
        ("requires: 1, 2", "needs: 1", "unknown field `needs`"),
        ("created: 2026-11-26", "created: 2026-11", "created '2026-11' is not a date"),
        ("(../tests/proposals/test_lip_7.py)", "(../gone.py)", "link to ../gone.py, which"),
        ("test: tests/proposals/", "test: tests/", "tests/test_lip_7.py does not exist"),
        ("test: tests/proposals/test_lip_7.py", "test: lips/", "does not name tests/proposals/"),
        ("proposal: scripts/proposals/lip_7.py\n", "", "does not name its script as `proposal:"),
        ("## Specification\n", "", "no section `Specification`"),
        ("title: A proposal", "title: Another", "lip_7.py has TITLE = 'A proposal', not 'Another'"),
    ],
)
def test_problems__planted_mistake__is_named(
    root: Path, before: str, after: str, complaint: str
) -> None:
    assert before in GOOD
    (root / "lips/lip-7.md").write_text(GOOD.replace(before, after))
    assert any(complaint in line for line in found_in(root)), found_in(root)


def test_problems__script_without_a_document__is_named(root: Path) -> None:
    (root / "scripts/proposals/lip_9.py").write_text("")
    assert found_in(root) == ["lip_9.py: no lips/lip-9.md"]


def test_problems__script_of_another_number__is_named(root: Path) -> None:
    (root / "scripts/proposals/lip_7.py").write_text(SCRIPT.replace("LIP = 7", "LIP = 70"))
    assert found_in(root) == ["lip-7.md: lip_7.py has LIP = 70, not 7"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("# No front matter\n", "lip-7.md: no front matter"),
        (GOOD.replace("title: A proposal", "title A proposal"), "'title A proposal' is not a new"),
        (GOOD.replace("type:", "lip: 8\ntype:"), "'lip: 8' is not a new `field: value`"),
        (GOOD.replace("lip: 7", "lip: seven"), "lip-7.md: `lip` is not a number"),
    ],
)
def test_documents__broken_front_matter__is_one_line(root: Path, text: str, complaint: str) -> None:
    (root / "lips/lip-7.md").write_text(text)
    with pytest.raises(LipError, match=complaint):
        documents(root)


def test_indexed__readme__only_the_part_between_the_marks_changes(root: Path) -> None:
    readme = indexed(f"before\n{BEGIN}\nold\n{END}\nafter\n", documents(root))
    assert readme.startswith(f"before\n{BEGIN}\n\n| LIP |")
    assert readme.endswith(f" |\n\n{END}\nafter\n")
    assert "| [7](lip-7.md) | A proposal | Parameter | Final |  | [lip_7.py](" in readme
    assert "old" not in readme


def test_indexed__marks_missing__is_one_line(root: Path) -> None:
    with pytest.raises(LipError, match="README.md: needs the lines"):
        indexed(f"{END}{BEGIN}", documents(root))


def test_template__its_fields__are_those_that_are_known() -> None:
    template = Document.read(ROOT / "lips" / "template.md")
    known = documents()[0].fields.keys() | {"requires", "part-of", "proposal"}
    assert template.fields.keys() == known


def test_committed_index__present_documents__sound_and_fresh() -> None:
    readme = (ROOT / "lips" / "README.md").read_text()
    assert problems(documents()) == []
    assert indexed(readme, documents()) == readme, "run `python -m tools.lips_index`"
