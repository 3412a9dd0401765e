"""Format and lint the Vyper sources: mamushi on all of them, natrix on the deployables.

pyproject.toml, `[tool.vyper-checks]`, names what is let through, with the reason. What is named
there and not found any more is an error too, so the list only holds what is needed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor

from tools.vyper_sources import ROOT, all_sources, deployables, name_of

LINE_LENGTH = "100"
# A linter is one process; so many run at once.
PROCESSES = 2


def settings() -> dict[str, dict[str, str]]:
    """Reasons by source for `unformatted`, by "source rule" for `accepted`."""
    checks: dict[str, dict[str, str]] = tomllib.loads((ROOT / "pyproject.toml").read_text())[
        "tool"
    ]["vyper-checks"]
    return checks


def stale(kind: str, named: dict[str, str], known: set[str]) -> list[str]:
    return [f"pyproject.toml: {kind} {name!r} is not needed" for name in named if name not in known]


def format_problems(chosen: list[str]) -> list[str]:
    run = subprocess.run(
        # Nothing is written, so there is no other tree to compare with; that is half of the time.
        ["mamushi", "--check", "--safe", "false", "--line-length", LINE_LENGTH, *chosen],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = (run.stdout + run.stderr).splitlines()
    found = [line for line in lines if line.startswith(("would reformat", "error"))]
    if run.returncode and not found:
        found = ["mamushi failed: " + " ".join(lines)]
    return found


def lint_problems(accepted: dict[str, str]) -> list[str]:
    run = subprocess.run(
        ["natrix", "lint", "--json", *map(name_of, deployables())],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        issues = json.loads(run.stdout)
    except ValueError:
        return [f"natrix failed: {run.stdout}{run.stderr}"]
    found = {f"{issue['file']} {issue['code']}" for issue in issues}
    return [
        f"{issue['file']}:{issue['position']}: {issue['code']} {issue['message']}"
        for issue in issues
        if f"{issue['file']} {issue['code']}" not in accepted
    ] + stale("accepted", accepted, found)


def main() -> int:
    checks = settings()
    sources = {name_of(path): path.stat().st_size for path in all_sources()}
    chosen = sorted(set(sources) - set(checks["unformatted"]), key=lambda name: -sources[name])
    with ThreadPoolExecutor(PROCESSES) as pool:
        # The lint is as long as half of the formatting.
        running = [pool.submit(lint_problems, checks["accepted"])]
        running += [pool.submit(format_problems, chosen[at::4]) for at in range(4)]
        problems = [line for one in running for line in one.result()]
    problems += stale("unformatted", checks["unformatted"], set(sources))
    print("\n".join(problems) or "Vyper sources: formatted, no lint")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
