"""What makes a file a proposal, and what is refused with which line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_utils import to_checksum_address

from scripts._governance.calldata import Interfaces
from scripts._governance.loader import lip_status, load, numbers, verified_checks
from scripts._governance.model import Call, Candidate, Check, Proposal, ProposalError

GOOD = """
from scripts._governance.model import Call, Check

LIP = 83
TITLE = "roundLength parameter update"


def calls(system):
    return [
        Call("RoundsManager", "setRoundLength", (6_377,)),
        Call("Minter", "migrateToNewMinter", (system.candidate("Minter").address,)),
    ]


def check_before(system):
    return [Check.equal(1, "length", 5_760, 5_760), Check.equal(2, "Minter", 1, 1)]


def check_after(system):
    return [Check.equal(1, "length", 6_377, 6_377), Check.equal(2, "Minter", 1, 1)]
"""
DOCUMENT = (
    '---\nlip: 83\ntitle: "roundLength parameter update"\nstatus: Final\n---\n\nText: more.\n'
)
NEW_MINTER = to_checksum_address("0x" + "a1" * 20)
STRANGER = "0x" + "b2" * 20


class FakeSystem:
    def address(self, name: str) -> str:
        return to_checksum_address(f"0x{len(name):040x}")

    def read(self, name: str, function: str, *args: Any) -> Any:
        raise ProposalError(f"{name}.{function}{args}: nothing there")

    def former(self, name: str) -> str:
        raise ProposalError(f"{name}: never replaced")

    def candidate(self, _: str) -> Candidate:
        return Candidate(NEW_MINTER, b"c" * 20)


@pytest.fixture(scope="module")
def interfaces() -> Interfaces:
    return Interfaces.load()


@pytest.fixture
def loaded(tmp_path: Path, interfaces: Interfaces) -> Callable[[str], Proposal]:
    (tmp_path / "lip-83.md").write_text(DOCUMENT)

    def load_text(text: str) -> Proposal:
        (tmp_path / "lip_83.py").write_text(text)
        return load(83, folder=tmp_path, documents=tmp_path, interfaces=interfaces)

    return load_text


def problem(action: Callable[[], Any]) -> str:
    with pytest.raises(ProposalError) as caught:
        action()
    text = str(caught.value)
    assert "\n" not in text
    return text


def changed(old: str, new: str) -> str:
    assert GOOD.count(old) == 1, old
    return GOOD.replace(old, new)


def test_load__good_file__is_a_proposal(loaded: Callable[[str], Proposal]) -> None:
    proposal = loaded(GOOD)
    assert (proposal.lip, proposal.title) == (83, "roundLength parameter update")
    calls = proposal.calls(FakeSystem())
    assert [call.name for call in calls] == [
        "RoundsManager.setRoundLength",
        "Minter.migrateToNewMinter",
    ]
    assert len(proposal.check_before(FakeSystem())) == len(proposal.check_after(FakeSystem())) == 2


LIP_LINE, TITLE_LINE = "LIP = 83", 'TITLE = "roundLength parameter update"'


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "lip_83.py:1: LIP: missing"),
        ("def", "lip_83.py:1: invalid syntax"),
        (changed(LIP_LINE, "LIP = 84"), "lip_83.py: LIP must be 83, as in the file's name"),
        (changed(LIP_LINE, ""), "lip_83.py:1: LIP: missing"),
        (changed("def check_after", "def check_later"), "lip_83.py:19: check_later: only LIP, "),
        (changed(LIP_LINE, f"{LIP_LINE}\n{LIP_LINE}"), "lip_83.py:5: LIP: defined twice"),
        (changed(LIP_LINE, "LIP = 83\nLENGTH = 6_377"), "lip_83.py:5: LENGTH: only LIP, TITLE, "),
        (changed(LIP_LINE, "LIP = 83\nLENGTH: int = 6"), "lip_83.py:5: LENGTH: only LIP, TITLE, "),
        (changed(LIP_LINE, "LIP = 83\nprint(1)"), "lip_83.py:5: print(1): only LIP, TITLE, "),
        (changed(LIP_LINE, "LIP = 83\nclass A: pass"), "lip_83.py:5: class A:: only LIP, TITLE, "),
        (changed(LIP_LINE, "LIP = 83\nimport os"), "lip_83.py:5: imports other things than "),
        (changed(LIP_LINE, "LIP = 83\nfrom web3 import Web3"), "lip_83.py:5: imports other thing"),
        (changed(TITLE_LINE, 'TITLE = "Rounds"'), "lip_83.py: TITLE is 'Rounds', but lips/lip-83"),
        (changed("6_377, 6_377", f'"{STRANGER}", 1'), "lip_83.py:20: an address is written out; "),
        (changed("6_377, 6_377", f"{STRANGER}, 1"), "lip_83.py:20: an address is written out; "),
        (changed("6_377, 6_377", f'"{STRANGER[2:]}", 1'), "lip_83.py:20: an address is written o"),
        (changed("6_377, 6_377", f"{b'x' * 20!r}, 1"), "lip_83.py:20: an address is written out; "),
        (changed(TITLE_LINE, f"{TITLE_LINE}.removeprefix(5)"), "lip_83.py: TypeError: "),
        (GOOD + "\n\ncheck_after = 5\n", "lip_83.py:23: check_after: defined twice"),
    ],
)
def test_load__what_is_no_proposal__is_refused_in_one_line(
    loaded: Callable[[str], Proposal], text: str, line: str
) -> None:
    assert problem(lambda: loaded(text)).startswith(line)


def test_load__no_file__names_those_there_are(tmp_path: Path) -> None:
    (tmp_path / "lip_7.py").write_text("")
    assert problem(lambda: load(8, folder=tmp_path)) == (
        "lip_8.py: no such proposal file; there are: 7"
    )


def test_load__no_document__is_refused(tmp_path: Path, interfaces: Interfaces) -> None:
    (tmp_path / "lip_83.py").write_text(GOOD)
    line = problem(lambda: load(83, folder=tmp_path, documents=tmp_path, interfaces=interfaces))
    assert line == "lips/lip-83.md: missing; write the LIP's document first"


def test_load__document_without_front_matter__is_refused(
    loaded: Callable[[str], Proposal], tmp_path: Path
) -> None:
    (tmp_path / "lip-83.md").write_text("# LIP-83\n")
    assert problem(lambda: loaded(GOOD)).startswith("lips/lip-83.md: no front matter")


FIRST = 'Call("RoundsManager", "setRoundLength", (6_377,))'
SECOND = '(system.candidate("Minter").address,)'
ACTION_1 = "LIP-83, action 1 (RoundsManager.setRoundLength): "
ACTION_2 = "LIP-83, action 2 (Minter.migrateToNewMinter): "


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (changed(FIRST, 'Call("Rounds", "f")'), "LIP-83, action 1 (Rounds.f): Rounds: no such co"),
        (
            changed(FIRST, 'Call("RoundsManager", "f")'),
            "LIP-83, action 1 (RoundsManager.f): RoundsManager.f: RoundsManager has no such functi",
        ),
        (changed("(6_377,)", "()"), ACTION_1 + "RoundsManager.setRoundLength: takes 1 arg"),
        (changed("(6_377,)", "(-1,)"), ACTION_1 + "RoundsManager.setRoundLength: _roundLength ("),
        (changed("(6_377,)", "(6.5,)"), ACTION_1 + "RoundsManager.setRoundLength: _roundLength ("),
        (changed("(6_377,)", "(6_377,), 5"), ACTION_1 + "does not take 5 wei"),
        (changed("(6_377,)", "(6_377,), -5"), ACTION_1 + "does not take -5 wei"),
        (
            changed(FIRST, 'Call("RoundsManager", "currentRound")'),
            "LIP-83, action 1 (RoundsManager.currentRound): only reads; a check can do that",
        ),
        (changed(FIRST, "5"), "LIP-83, action 1: 5 is no Call"),
        (
            changed(SECOND, '("0x" + "b2" * 20,)'),
            f"{ACTION_2}{to_checksum_address(STRANGER)} is not an address the system named",
        ),
        (changed(SECOND, "(1 // 0,)"), "LIP-83: calls: ZeroDivisionError: "),
        (changed(SECOND, '(system.former("Minter"),)'), "LIP-83: calls: Minter: never replaced"),
        (
            changed("def calls(system):\n", "def calls(system):\n    return []\n"),
            "LIP-83: `calls` is empty; a proposal has an action",
        ),
    ],
)
def test_calls__action_that_cannot_be__is_refused_by_number_and_name(
    loaded: Callable[[str], Proposal], text: str, line: str
) -> None:
    proposal = loaded(text)
    assert problem(lambda: proposal.calls(FakeSystem())).startswith(line)


def test_check_before__code_that_fails__is_one_line_about_the_file(
    loaded: Callable[[str], Proposal],
) -> None:
    proposal = loaded(changed("5_760, 5_760", "1 // 0, 1"))
    line = problem(lambda: proposal.check_before(FakeSystem()))
    assert line.startswith("LIP-83: check_before: ZeroDivisionError: ")


def test_calls__address_the_system_read__is_accepted(loaded: Callable[[str], Proposal]) -> None:
    class Reading(FakeSystem):
        def read(self, name: str, function: str, *args: Any) -> Any:
            return ([STRANGER], name, function, args)

    text = changed(SECOND, '(system.read("A", "b")[0][0],)')
    assert loaded(text).calls(Reading())[1].args == (STRANGER,)


CALLS = [Call("RoundsManager", "setRoundLength", (6_377,)), Call("Minter", "setInflationChange")]
BOTH = [Check.equal(1, "length", 1, 1), Check.equal(2, "change", 1, 2)]


@pytest.mark.parametrize(
    ("checks", "line"),
    [
        ([], "LIP-83, check_after: action 1 (RoundsManager.setRoundLength): has no check"),
        (BOTH[:1], "LIP-83, check_after: action 2 (Minter.setInflationChange): has no check"),
        (
            [*BOTH, Check.equal(2, "change", 5, 6)],
            "LIP-83, check_after: action 2 (Minter.setInflationChange): twice 'change'",
        ),
        (
            [*BOTH, Check.equal(3, "more", 1, 1)],
            "LIP-83, check_after: 'more' is of action 3, which does not exist; actions are 1 to 2",
        ),
        (
            [*BOTH, Check.equal(0, "more", 1, 1)],
            "LIP-83, check_after: 'more' is of action 0, which does not exist; actions are 1 to 2",
        ),
        ([*BOTH, True], "LIP-83, check_after: returned True, which is no Check"),
    ],
)
def test_verified_checks__missing_duplicate_or_stray__is_refused_by_number_and_name(
    loaded: Callable[[str], Proposal], checks: list[Check], line: str
) -> None:
    proposal = loaded(GOOD)
    assert problem(lambda: verified_checks(proposal, CALLS, checks, "after")) == line


def test_verified_checks__one_or_more_of_each_action__are_returned_as_they_are(
    loaded: Callable[[str], Proposal],
) -> None:
    checks = [*BOTH, replace(BOTH[0], name="other")]
    assert verified_checks(loaded(GOOD), CALLS, checks, "before") == checks
    assert [check.holds for check in checks] == [True, False, True]


def test_lip_status__front_matter__is_read(tmp_path: Path) -> None:
    (tmp_path / "lip-83.md").write_text(DOCUMENT)
    assert lip_status(83, documents=tmp_path) == "Final"
    (tmp_path / "lip-83.md").write_text("---\ntitle: x\n---\n")
    assert problem(lambda: lip_status(83, documents=tmp_path)) == (
        "lips/lip-83.md: no status in its front matter"
    )


def test_numbers__of_the_repository__are_those_of_the_issue() -> None:
    assert set(numbers()) >= {83, 92, 100, 101, 107, 118, 9002}
