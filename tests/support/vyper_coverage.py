"""Which lines of Vyper ran: a pytest plugin, switched on by VYPER_COVERAGE=1 (`make coverage`).

titanoboa keeps the program counters of every call. They are collected per code, so proxies,
delegate calls, constructors and contracts made by contracts all count, and mapped to source lines
through the compiler's own source map at the end of the session. Code that runs outside this
process or its EVM (anvil, pyrevm) is not seen.

What counts is the first line of each statement in a function body, in modules as in deployables:
* it ran if a program counter of its own ran; the statements nested in an `if` or `for` stand for
  themselves;
* a statement the source map gives no code of its own (a bare `return`, setting an immutable) is
  left out. If that is so for all of a function, they ran if the function did; a function that no
  contract contains did not.
The session fails when less than `FAIL_UNDER` per cent ran. Details: build/coverage/vyper.json.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boa
import pytest
import vyper.ast as vy_ast
from boa.environment import Env
from vyper.ast.parse import parse_to_ast
from vyper.exceptions import VyperException
from vyper.ir import compile_ir

from tests.support.contracts import CONTRACTS, ROOT
from tests.support.workers import Collectors, is_worker

FAIL_UNDER = 95
REPORT = ROOT / "build" / "coverage" / "vyper.json"
NOT_PRODUCT = ("interfaces", "mocks")  # mocks may run a module's lines, their own do not count
BLOCKS = (vy_ast.FunctionDef, vy_ast.If, vy_ast.For)

Line = tuple[str, int]  # path relative to the repository, first line of a statement


@dataclass
class Recorder:
    """Program counters that ran, by code. Code of a contract under construction is its initcode."""

    ran: dict[bytes, set[int]] = field(default_factory=lambda: defaultdict(set))

    def record(self, computation: Any) -> None:
        self.ran[computation.code._raw_code_bytes].update(computation.code._trace)
        for child in computation.children:
            self.record(child)

    def give(self) -> list[tuple[bytes, list[int]]]:
        """For `tests.support.workers`."""
        return [(code, sorted(counters)) for code, counters in self.ran.items()]

    def take(self, given: list[tuple[bytes, list[int]]]) -> None:
        for code, counters in given:
            self.ran[code].update(counters)

    def start(self) -> None:
        """Have every environment, also one made later, report its calls here."""

        def trace(_env: Env, computation: Any, _contract: Any = None) -> None:
            self.record(computation)

        Env._coverage_enabled = True
        Env._trace_computation = trace


@dataclass(frozen=True)
class FileLines:
    """Statement lines of one file."""

    path: str
    counted: frozenset[int]
    ran: frozenset[int]

    @property
    def missing(self) -> list[int]:
        return sorted(self.counted - self.ran)


def product_sources(root: Path = CONTRACTS) -> list[Path]:
    """Every source that is deployed or compiled into something deployed."""
    return sorted(
        path for path in root.rglob("*.vy") if path.relative_to(root).parts[0] not in NOT_PRODUCT
    )


def relative(path: str | Path) -> str:
    return os.path.relpath(path, ROOT)


def statements(path: Path) -> dict[int, set[int]]:
    """Lines of the statements in each function of a source, by the line of its `def`."""
    found = {}
    for function in parse_to_ast(path.read_text()).get_children(vy_ast.FunctionDef):
        blocks = [function, *function.get_descendants((vy_ast.If, vy_ast.For))]
        inside = [node for block in blocks for node in (*block.body, *getattr(block, "orelse", []))]
        found[function.lineno] = {node.lineno for node in inside if not is_docstring(node)}
    return found


def is_docstring(node: Any) -> bool:
    return isinstance(node, vy_ast.Expr) and isinstance(node.value, vy_ast.Str)


def statement_of(node: Any) -> Any | None:
    """The statement `node` is a part of, or the function it belongs to as a whole."""
    while node is not None and not isinstance(node, vy_ast.FunctionDef):
        parent = node._parent
        if isinstance(parent, BLOCKS):
            siblings = (*parent.body, *getattr(parent, "orelse", []))
            if any(node is sibling for sibling in siblings):
                return node
        node = parent
    return node


def lines_by_pc(ast_map: dict[int, Any]) -> dict[int, Line]:
    """The line behind each program counter.

    A plain name is no evidence: all uses of an argument share one node of the compiler's, which has
    the position of the last use.
    """
    lines = {}
    for pc, node in ast_map.items():
        statement = None if isinstance(node, vy_ast.Name) else statement_of(node)
        if statement is not None:
            lines[pc] = (relative(statement.module_node.resolved_path), statement.lineno)
    return lines


def maps_of(path: Path) -> list[tuple[bytes, dict[int, Line]]]:
    """Runtime code and initcode of a deployable, each with the line behind each program counter."""
    data = boa.load_partial(str(path)).compiler_data
    _, creation_map = compile_ir.assembly_to_evm(data.assembly)
    return [
        (data.bytecode_runtime, lines_by_pc(data.source_map["pc_raw_ast_map"])),
        (data.bytecode, lines_by_pc(creation_map["pc_raw_ast_map"])),
    ]


def measure(
    ran: dict[bytes, set[int]], sources: list[Path], deployables: list[Path]
) -> list[FileLines]:
    """Lines of `sources` that ran. Code may have immutables or arguments appended."""
    with_code: set[Line] = set()
    executed: set[Line] = set()
    for deployable in deployables:
        for code, lines in maps_of(deployable):
            with_code.update(lines.values())
            for executed_code, pcs in ran.items():
                if executed_code.startswith(code):
                    executed.update(lines[pc] for pc in pcs if pc in lines)
    return [lines_of(path, with_code, executed) for path in sources]


def lines_of(path: Path, with_code: set[Line], executed: set[Line]) -> FileLines:
    name = relative(path)
    counted: set[int] = set()
    ran: set[int] = set()
    for function, lines in statements(path).items():
        compiled = {line for line in lines if (name, line) in with_code}
        counted |= compiled or lines
        if compiled:
            ran |= {line for line in compiled if (name, line) in executed}
        elif (name, function) in executed:
            ran |= lines
    return FileLines(name, frozenset(counted), frozenset(ran))


def percent(files: list[FileLines]) -> float:
    counted = sum(len(file.counted) for file in files)
    return 100 * sum(len(file.ran) for file in files) / counted if counted else 0.0


def ranges(numbers: list[int]) -> str:
    """[3, 4, 5, 9] as "3-5, 9"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


class CoveragePlugin:
    """Records while tests run; reports before pytest's closing line."""

    def __init__(self) -> None:
        self.recorder = Recorder()
        self.recorder.start()
        self.files: list[FileLines] = []
        self.problem = ""

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if is_worker(session.config):
            return
        sources = product_sources()
        deployables = [path for path in CONTRACTS.rglob("*.vy") if path.parent.name != "modules"]
        try:
            self.files = measure(self.recorder.ran, sources, deployables)
        except VyperException as error:
            first_line = str(error).strip().splitlines()[0]
            self.problem = f"no Vyper line coverage, a contract does not compile: {first_line}"
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
            return
        REPORT.parent.mkdir(parents=True, exist_ok=True)
        REPORT.write_text(
            json.dumps(
                {f.path: {"counted": sorted(f.counted), "missing": f.missing} for f in self.files},
                indent=1,
            )
        )
        if session.exitstatus == pytest.ExitCode.OK and percent(self.files) < FAIL_UNDER:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        terminalreporter.section("Vyper lines")
        if self.problem:
            terminalreporter.write_line(self.problem, red=True)
            return
        for file in self.files:
            if file.counted:
                terminalreporter.write_line(
                    f"{percent([file]):5.1f} %  {len(file.ran):4d} of {len(file.counted):4d}  "
                    f"{file.path}  {ranges(file.missing)}".rstrip()
                )
        total = percent(self.files)
        bad = f": below the required {FAIL_UNDER} %" if total < FAIL_UNDER else ""
        terminalreporter.write_line(f"Vyper line coverage {total:.2f} %{bad}", red=bool(bad))


def register(config: pytest.Config, collectors: Collectors) -> None:
    """Switches the plugin on if VYPER_COVERAGE asks for it."""
    if os.environ.get("VYPER_COVERAGE"):
        plugin = CoveragePlugin()
        collectors.add("vyper coverage", plugin.recorder.give, plugin.recorder.take)
        config.pluginmanager.register(plugin, "vyper-coverage")
