"""Checks docs/findings.toml: each published finding has tests that exist, or a reason why not.

    python -m tools.findings

Tests are found by reading the test files, not by collecting them: an id names a function `test_*`,
a method of a class `Test*`, or a name `Test*` that a state machine is bound to.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FINDINGS = ROOT / "docs" / "findings.toml"
LEAST_COVERED = 27  # known findings against the contracts that are built here
FIELDS = {"id", "attack", "invariant"}


def read(path: Path = FINDINGS) -> list[dict[str, Any]]:
    with path.open("rb") as file:
        findings: list[dict[str, Any]] = tomllib.load(file)["finding"]
    return findings


def problems(findings: list[dict[str, Any]], root: Path = ROOT) -> list[str]:
    """What is missing, one line each; empty if every finding is covered or out of scope."""
    wrong = []
    seen: set[str] = set()
    for number, finding in enumerate(findings, start=1):
        name = str(finding.get("id", f"finding {number}"))
        if name in seen:
            wrong.append(f"{name}: there twice")
        seen.add(name)
        wrong += [f"{name}: {line}" for line in _faults(finding, root)]
    covered = sum(1 for finding in findings if finding.get("tests"))
    if covered < LEAST_COVERED:
        wrong.append(f"{covered} findings have tests, {LEAST_COVERED} are needed")
    return wrong


def _faults(finding: Mapping[str, Any], root: Path) -> Iterator[str]:
    fields = set(finding)
    for field in sorted(FIELDS - fields):
        yield f"no `{field}`"
    for field in sorted(fields - FIELDS - {"tests", "out_of_scope"}):
        yield f"unknown field `{field}`"
    tests = finding.get("tests", [])
    if "out_of_scope" in finding:
        if tests:
            yield "out of scope, and has tests"
        if not str(finding["out_of_scope"]).strip():
            yield "out of scope without a reason"
    elif not tests:
        yield "no test; write one, or say why it is out of scope"
    for test in tests:
        path, _, name = str(test).partition("::")
        if name not in named_tests(root / path):
            yield f"{test} does not exist"


@cache
def named_tests(path: Path) -> frozenset[str]:
    """Ids of the tests of a file behind its path, without parameters; none if pytest skips it."""
    if not (path.is_file() and path.name.startswith("test_") and path.suffix == ".py"):
        return frozenset()
    names: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            names.add(node.name)
        elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            methods = [item.name for item in node.body if isinstance(item, ast.FunctionDef)]
            names |= {f"{node.name}::{name}" for name in methods if name.startswith("test_")}
        elif isinstance(node, ast.Assign):
            bound = [target.id for target in node.targets if isinstance(target, ast.Name)]
            names |= {name for name in bound if name.startswith("Test")}
    return frozenset(names)


def main() -> int:
    findings = read()
    wrong = problems(findings)
    covered = sum(1 for finding in findings if finding.get("tests"))
    print("\n".join(wrong) if wrong else f"findings: {len(findings)}, {covered} with tests")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
