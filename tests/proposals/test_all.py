"""The gate: every proposal has its test, its document and its world."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from scripts._governance.calldata import Interfaces
from scripts._governance.loader import PROPOSALS, WHAT_IF, lip_status, load, numbers
from scripts._governance.worlds import World, world
from scripts._lib.params import load_parameters

TESTS = Path(__file__).parent
MAX_LINES = 80
REPLAYED = {83, 92, 101, 118}
WHAT_IFS = {100, 107}


def untested(proposals: Path, tests: Path) -> set[str]:
    """Proposal files without a test file, or whose test file tests no life cycle."""
    missing = set()
    for number in numbers(proposals):
        path = tests / f"test_lip_{number}.py"
        tree = ast.parse(path.read_text() if path.exists() else "")
        names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        if not any(name.startswith(f"test_lip_{number}__whole_life__") for name in names):
            missing.add(f"lip_{number}.py")
    return missing


def test_gate__every_proposal__has_a_test_of_its_whole_life() -> None:
    assert untested(PROPOSALS, TESTS) == set()


def test_gate__proposal_without_a_test__is_named(tmp_path: Path) -> None:
    (tmp_path / "lip_1.py").write_text("")
    (tmp_path / "lip_2.py").write_text("")
    (tmp_path / "test_lip_2.py").write_text("def test_lip_2__something__else(): ...\n")
    assert untested(tmp_path, tmp_path) == {"lip_1.py", "lip_2.py"}


def test_gate__every_test__is_of_a_proposal() -> None:
    tested = {path.stem.removeprefix("test_lip_") for path in TESTS.glob("test_lip_*.py")}
    assert tested == {str(number) for number in numbers()}


def test_gate__proposals_of_the_issue__are_there_with_their_status() -> None:
    assert set(numbers()) >= REPLAYED | WHAT_IFS
    assert {n for n in numbers() if lip_status(n) in WHAT_IF} == WHAT_IFS


@pytest.mark.parametrize("number", numbers())
def test_gate__proposal_file__loads_and_is_short(number: int, interfaces: Interfaces) -> None:
    proposal = load(number, interfaces=interfaces)
    assert proposal.lip == number
    assert len((PROPOSALS / f"lip_{number}.py").read_text().splitlines()) <= MAX_LINES


@pytest.mark.parametrize("number", numbers())
def test_world__of_a_proposal__fits_the_local_network(number: int) -> None:
    local = load_parameters("local")
    changed = world(number).apply(local)
    assert (changed != local) == bool(world(number).parameters)


def test_world__without_anything_to_take_back__is_the_one_of_today() -> None:
    assert world(107) == World()


def test_world__section_or_key_unknown__is_refused_by_name() -> None:
    local = load_parameters("local")
    with pytest.raises(LookupError, match=r"\[rounds\] has no length"):
        World(parameters={"rounds": {"length": 5}}).apply(local)
    with pytest.raises(LookupError, match=r"parameters have no section \[round\]"):
        World(parameters={"round": {"length": 5}}).apply(local)
    with pytest.raises(LookupError, match=r"parameters have no section \[faucet\]"):
        World(parameters={"faucet": {"request_wait": 5}}).apply(
            replace(local, genesis=None, faucet=None)
        )
