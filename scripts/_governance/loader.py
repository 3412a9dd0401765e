"""Reads proposal files, and refuses what is not one, in one line.

A file is refused for any other name than the five it must have, for an import of anything but the
model, for an address written out, and for a title that is not its document's. What it returns is
refused, with the action's number and name, for a function or an argument that does not exist or
fit, for an address the system did not name, and for checks that leave an action unchecked. This is
no sandbox: a proposal file is code of this repository and is reviewed as such.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from eth_utils.address import to_checksum_address

from scripts._governance.calldata import Interfaces
from scripts._governance.model import Call, Candidate, Check, Proposal, ProposalError, System
from scripts._lib.source import ROOT

PROPOSALS = ROOT / "scripts" / "proposals"
LIPS = ROOT / "lips"
NAMES = frozenset({"LIP", "TITLE", "calls", "check_before", "check_after"})
MODEL = "scripts._governance.model"
ADDRESS = re.compile(r"(?<![0-9a-fA-Fx])(0x)?[0-9a-fA-F]{40}(?![0-9a-fA-F])")
WHAT_IF = frozenset({"Abandoned", "Rejected"})  # simulated and tested, never sent


def load(
    number: int,
    *,
    folder: Path = PROPOSALS,
    documents: Path = LIPS,
    interfaces: Interfaces | None = None,
) -> Proposal:
    """The proposal of this number. What its `calls` returns is checked each time it is called.

    Raises ProposalError.
    """
    path = folder / f"lip_{number}.py"
    names = _run(path)
    if names["LIP"] != number:
        raise ProposalError(f"{path.name}: LIP must be {number}, as in the file's name")
    check_title(number, names["TITLE"], documents=documents)
    proposal = Proposal(
        lip=number,
        title=names["TITLE"],
        calls=names["calls"],
        check_before=names["check_before"],
        check_after=names["check_after"],
    )
    known = interfaces or Interfaces.load()
    return replace(
        proposal,
        calls=lambda system: _verified_calls(proposal, system, known),
        check_before=lambda system: _run_of(proposal, "check_before", system),
        check_after=lambda system: _run_of(proposal, "check_after", system),
    )


def numbers(folder: Path = PROPOSALS) -> list[int]:
    """Numbers of all proposal files."""
    return sorted(int(path.stem.removeprefix("lip_")) for path in folder.glob("lip_*.py"))


def check_title(number: int, title: object, *, documents: Path = LIPS) -> None:
    """Raises ProposalError unless the title is that of the LIP's document."""
    expected = front_matter(number, documents=documents).get("title")
    if title != expected:
        raise ProposalError(
            f"lip_{number}.py: TITLE is {title!r}, but lips/lip-{number}.md says {expected!r}"
        )


def lip_status(number: int, *, documents: Path = LIPS) -> str:
    """Status of a LIP in LIP-1's words: "Final", "Abandoned". Raises ProposalError."""
    status = front_matter(number, documents=documents).get("status")
    if not status:
        raise ProposalError(f"lips/lip-{number}.md: no status in its front matter")
    return status


def front_matter(number: int, *, documents: Path = LIPS) -> dict[str, str]:
    """What stands between the two lines `---` at the top of a LIP's document."""
    path = documents / f"lip-{number}.md"
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        raise ProposalError(f"lips/{path.name}: missing; write the LIP's document first") from None
    found = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    if not found:
        raise ProposalError(f"lips/{path.name}: no front matter between two lines `---`")
    pairs = (line.partition(":") for line in found.group(1).splitlines() if ":" in line)
    return {key.strip(): value.strip().strip("\"'") for key, _, value in pairs}


def verified_checks(
    proposal: Proposal, calls: Sequence[Call], checks: Sequence[Check], when: str
) -> list[Check]:
    """The checks, if each action has one and each is of an action. `when` is "before" or "after".

    Raises ProposalError.
    """
    place = f"LIP-{proposal.lip}, check_{when}"
    seen: set[tuple[int, str]] = set()
    for check in checks:
        if not isinstance(check, Check):
            raise ProposalError(f"{place}: returned {check!r}, which is no Check")
        if not 1 <= check.action <= len(calls):
            raise ProposalError(
                f"{place}: {check.name!r} is of action {check.action}, which does not exist; "
                f"actions are 1 to {len(calls)}"
            )
        if (check.action, check.name) in seen:
            raise ProposalError(f"{place}: {_action(check.action, calls)}: twice {check.name!r}")
        seen.add((check.action, check.name))
    for number in range(1, len(calls) + 1):
        if not any(action == number for action, _ in seen):
            raise ProposalError(f"{place}: {_action(number, calls)}: has no check")
    return list(checks)


def _run(path: Path) -> dict[str, Any]:
    """The names a proposal file defines."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        there = ", ".join(map(str, numbers(path.parent))) or "none"
        raise ProposalError(f"{path.name}: no such proposal file; there are: {there}") from None
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise ProposalError(f"{path.name}:{error.lineno}: {error.msg}") from None
    for line, problem in _faults(tree):
        raise ProposalError(f"{path.name}:{line}: {problem}")
    names: dict[str, Any] = {"__name__": path.stem}
    try:
        exec(compile(tree, str(path), "exec"), names)
    except Exception as error:
        raise ProposalError(f"{path.name}: {_one_line(error)}") from None
    for name in sorted(NAMES - {"LIP", "TITLE"}):
        if not callable(names[name]):
            raise ProposalError(f"{path.name}: {name} must be a function of the system")
    return names


def _faults(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """What makes the file no proposal: line and problem."""
    defined: set[str] = set()
    for at, node in enumerate(tree.body):
        for name in _names_of(node, first=at == 0):
            if name not in NAMES:
                yield node.lineno, f"{name}: only {', '.join(sorted(NAMES))} may be here"
            if name in defined:
                yield node.lineno, f"{name}: defined twice"
            defined.add(name)
    for part in ast.walk(tree):
        if isinstance(part, ast.Import | ast.ImportFrom) and not _may_import(part):
            yield part.lineno, f"imports other things than names of {MODEL}"
        if isinstance(part, ast.Constant) and _is_address(part.value):
            yield part.lineno, "an address is written out; name the contract instead"
    for name in sorted(NAMES - defined):
        yield 1, f"{name}: missing"


def _names_of(node: ast.stmt, *, first: bool) -> Iterator[str]:
    """What a statement at the top of the file defines, or what it is if that is nothing."""
    if isinstance(node, ast.FunctionDef):
        yield node.name
    elif isinstance(node, ast.Assign):
        yield from (ast.unparse(target) for target in node.targets)
    elif isinstance(node, ast.AnnAssign):
        yield ast.unparse(node.target)
    elif not isinstance(node, ast.ImportFrom | ast.Import) and not (first and _is_text(node)):
        yield ast.unparse(node).splitlines()[0]


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _may_import(node: ast.Import | ast.ImportFrom) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module in (MODEL, "__future__")


def _is_address(value: object) -> bool:
    """Whether a constant is, or holds, 20 bytes written out."""
    if isinstance(value, bytes):
        return len(value) == 20 or bool(ADDRESS.search(value.decode("latin-1")))
    if isinstance(value, str):
        return bool(ADDRESS.search(value))
    # No number a proposal needs has 38 digits and is not round: 2^125 is far above any supply.
    return isinstance(value, int) and value >= 2**125 and value % 10**9 != 0


@dataclass
class _Witness:
    """A system that remembers which addresses it gave."""

    system: System
    given: set[str] = field(default_factory=set)

    def address(self, name: str) -> str:
        return str(self._noted(self.system.address(name)))

    def read(self, name: str, function: str, *args: Any) -> Any:
        return self._noted(self.system.read(name, function, *args))

    def former(self, name: str) -> str:
        return str(self._noted(self.system.former(name)))

    def candidate(self, name: str) -> Candidate:
        candidate = self.system.candidate(name)
        self._noted(candidate.address)
        return candidate

    def _noted(self, value: Any) -> Any:
        self.given.update(_addresses_in(value))
        return value


def _addresses_in(value: Any) -> Iterator[str]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from _addresses_in(item)
    elif isinstance(value, str) and re.fullmatch(r"0x[0-9a-fA-F]{40}", value):
        yield str(to_checksum_address(value))


def _verified_calls(proposal: Proposal, system: System, interfaces: Interfaces) -> list[Call]:
    witness = _Witness(system)
    calls: list[Call] = _run_of(proposal, "calls", witness)
    if not calls:
        raise ProposalError(f"LIP-{proposal.lip}: `calls` is empty; a proposal has an action")
    for number, call in enumerate(calls, start=1):
        if not isinstance(call, Call):
            raise ProposalError(f"LIP-{proposal.lip}, action {number}: {call!r} is no Call")
        place = f"LIP-{proposal.lip}, {_action(number, calls)}"
        try:
            interfaces.encode(call.contract, call.function, call.args)
        except ProposalError as error:
            raise ProposalError(f"{place}: {error}") from None
        entry = interfaces.function(call.contract, call.function)
        if entry["stateMutability"] in ("view", "pure"):
            raise ProposalError(f"{place}: only reads; a check can do that")
        if call.value < 0 or (call.value and entry["stateMutability"] != "payable"):
            raise ProposalError(f"{place}: does not take {call.value} wei")
        unnamed = set(_addresses_in(call.args)) - witness.given
        if unnamed:
            raise ProposalError(f"{place}: {min(unnamed)} is not an address the system named")
    return calls


def _run_of(proposal: Proposal, name: str, system: System) -> list[Any]:
    """What a function of the file returns. Any error of its code is one line about the file."""
    try:
        return list(getattr(proposal, name)(system))
    except ProposalError as error:
        raise ProposalError(f"LIP-{proposal.lip}: {name}: {error}") from None
    except Exception as error:
        raise ProposalError(f"LIP-{proposal.lip}: {name}: {_one_line(error)}") from None


def _action(number: int, calls: Sequence[Call]) -> str:
    return f"action {number} ({calls[number - 1].name})"


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
