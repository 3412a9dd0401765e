"""The line tracer against a small contract and module whose lines are known."""

from __future__ import annotations

from pathlib import Path

import boa
import pytest

from tests.support.vyper_coverage import FileLines, Recorder, measure, percent, ranges

CONTRACT = """\
# pragma version 0.4.3
# pragma evm-version cancun
import scale

START: immutable(uint256)
total: public(uint256)


@deploy
def __init__(_start: uint256):
    START = _start
    self.total = _start


@external
def add(_amount: uint256) -> uint256:
    if _amount == 0:
        return 0
    elif _amount > 100:
        self.total = START
    else:
        self.total += scale._double(
            _amount
        )
    for i: uint256 in range(3):
        if i < _amount:
            continue
        self.total += 1
    return self.total


@external
@view
def itself() -> address:
    return self
"""
MODULE = """\
# pragma version 0.4.3


@internal
@pure
def _double(_amount: uint256) -> uint256:
    assert _amount < 1000, "scale: too much"
    return _amount * 2


@internal
@pure
def _never_called() -> uint256:
    return 7
"""


@pytest.fixture
def sources(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / "Counter.vy", tmp_path / "scale.vy"]
    for path, text in zip(paths, (CONTRACT, MODULE), strict=True):
        path.write_text(text)
    return paths


def run(sources: list[Path], *amounts: int) -> list[FileLines]:
    recorder = Recorder()
    counter = boa.load_partial(str(sources[0])).deploy(5)
    recorder.record(counter._computation)
    for amount in amounts:
        counter.add(amount)
        recorder.record(counter._computation)
    return measure(recorder.ran, sources, sources[:1])


def test_measure__constructor_only__counts_its_lines(sources: list[Path]) -> None:
    contract, module = run(sources)
    assert contract.counted == {12, 17, 18, 19, 20, 22, 25, 26, 27, 28, 29, 35}
    assert contract.ran == {12}
    assert module.counted == {7, 8, 14}
    assert module.ran == set()


def test_measure__early_return__leaves_the_rest_unrun(sources: list[Path]) -> None:
    contract, _ = run(sources, 0)
    assert contract.missing == [19, 20, 22, 25, 26, 27, 28, 29, 35]


def test_measure__one_branch__leaves_the_other_unrun(sources: list[Path]) -> None:
    contract, module = run(sources, 1)
    assert contract.missing == [18, 20, 35]
    assert module.missing == [14]


def test_measure__loop_always_continues__last_line_unrun(sources: list[Path]) -> None:
    contract, _ = run(sources, 101)
    assert contract.missing == [18, 22, 28, 35]


def test_measure__every_branch__only_dead_code_is_missing(sources: list[Path]) -> None:
    contract, module = run(sources, 0, 1, 101)
    assert contract.missing == [35]
    assert module.missing == [14]
    assert percent([contract, module]) == 100 * 13 / 15


def test_measure__function_without_own_code__ran_if_called(sources: list[Path]) -> None:
    recorder = Recorder()
    counter = boa.load_partial(str(sources[0])).deploy(5)
    assert counter.itself() == counter.address
    recorder.record(counter._computation)
    contract, _ = measure(recorder.ran, sources, sources[:1])
    assert contract.ran == {35}


def test_ranges__runs_and_singles__are_joined() -> None:
    assert ranges([3, 4, 5, 9, 11, 12]) == "3-5, 9, 11-12"
    assert ranges([]) == ""
