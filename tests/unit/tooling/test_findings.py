"""Every published finding has its tests: a gap in the table is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tools.findings import LEAST_COVERED, named_tests, problems, read

FILE = "tests/test_some.py"
SOURCE = """
def test_one(): ...
def helper(): ...
class TestGroup:
    def test_two(self): ...
    def other(self): ...
TestMachine = Machine.TestCase
NotATest = 1
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / FILE).parent.mkdir()
    (tmp_path / FILE).write_text(SOURCE)
    return tmp_path


def finding(**changes: Any) -> dict[str, Any]:
    fields = {"id": "x", "attack": "A.", "invariant": "I.", "tests": [f"{FILE}::test_one"]}
    return {name: value for name, value in (fields | changes).items() if value is not None}


def enough() -> list[dict[str, Any]]:
    return [finding(id=str(number)) for number in range(LEAST_COVERED)]


def test_named_tests__file__functions_methods_and_machines(root: Path) -> None:
    assert named_tests(root / FILE) == {"test_one", "TestGroup::test_two", "TestMachine"}
    assert named_tests(root / "tests/test_none.py") == frozenset()


def test_problems__every_finding_covered__none(root: Path) -> None:
    assert problems([*enough(), finding(tests=None, out_of_scope="L1 alone")], root) == []


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"tests": []}, "x: no test; write one"),
        ({"tests": None}, "x: no test; write one"),
        ({"tests": [f"{FILE}::test_gone"]}, f"x: {FILE}::test_gone does not exist"),
        ({"tests": [f"{FILE}::helper"]}, f"x: {FILE}::helper does not exist"),
        ({"tests": [FILE]}, f"x: {FILE} does not exist"),
        ({"tests": ["tests/gone.py::test_one"]}, "x: tests/gone.py::test_one does not exist"),
        ({"out_of_scope": "L1 alone"}, "x: out of scope, and has tests"),
        ({"tests": None, "out_of_scope": " "}, "x: out of scope without a reason"),
        ({"invariant": None}, "x: no `invariant`"),
        ({"severity": "high"}, "x: unknown field `severity`"),
        ({"id": "0"}, "0: there twice"),
    ],
)
def test_problems__planted_gap__is_named(
    root: Path, changes: dict[str, Any], complaint: str
) -> None:
    found = problems([*enough(), finding(**changes)], root)
    assert len(found) == 1
    assert found[0].startswith(complaint)


def test_problems__too_few_covered__is_named(root: Path) -> None:
    assert problems(enough()[1:], root) == ["26 findings have tests, 27 are needed"]


def test_committed_table__present_tests__nothing_is_open() -> None:
    assert problems(read()) == []
