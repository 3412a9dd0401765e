"""What other tests can measure: leases, the remote signer, the preflight, and whole test files."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

from tests.chaos.report import Check, at_most, exactly
from tests.keepers.core import lease_cycles, policy_fuzz
from tests.keepers.core.preflight_mistakes import MISTAKES
from tests.keepers.core.preflight_site import Site
from tests.keepers.core.scripted_node import World, served

ROOT = Path(__file__).parents[2]
TTL = 8.0


def check_leases(tenths: int, _folder: Path) -> list[Check]:
    """R15: the holder is stopped or killed, clocks jump; on made-up clocks."""
    found = lease_cycles.run(20 * tenths, TTL, seed=1)
    return [
        exactly("R15", f"tokens with two signers, in {found.cycles} cycles", found.doubled, 0),
        exactly("R15", "sign-offs by a holder of before", found.late, 0),
        at_most("R15", "slowest take-over", found.slowest, 15, "s"),
    ]


def check_policy(tenths: int, _folder: Path) -> list[Check]:
    """R8: random questions to the remote signer, over a real socket."""
    found = policy_fuzz.fuzz(1_000 * tenths, seed=24)
    return [
        exactly(
            "R8",
            f"signatures outside the policy, of {found.questions} questions",
            found.forbidden_signed,
            0,
        ),
        exactly("R8", "lawful questions refused", found.allowed_refused, 0),
        Check("R8", "questions signed", str(found.signed), "> 0", found.signed > 0),
    ]


def check_mistakes(tenths: int, folder: Path) -> list[Check]:
    """R22: every tenth mistake, or all. Each look also fails if it shows a secret."""
    some = list(MISTAKES.items())[:: 10 // tenths]
    found = leaks = 0
    slowest = 0.0
    for at, (_, (seed, key, text)) in enumerate(some):
        (place := folder / str(at)).mkdir()
        world = World()
        with served(world) as url:
            site = Site(place, url, world)
            seed(site)
            start = time.monotonic()
            try:
                code, findings = site.findings()
            except AssertionError:
                leaks += 1
                continue
            slowest = max(slowest, time.monotonic() - start)
        found += code != 0 and any(one["key"] == key and text in one["text"] for one in findings)
    return [
        exactly("R22", "seeded mistakes found, by the name of their key", found, len(some)),
        exactly("R22", "secrets shown", leaks, 0),
        at_most("R22", "slowest look", round(slowest, 2), 5, "s"),
    ]


# Requirement, what the tests show, and where they are.
SUITES = (
    ("R2", "journal torn, killed, full or locked", "test_journal_faults.py"),
    ("R7", "endpoints up 40 % of the time, on a made-up clock", "test_endpoints_flapping.py"),
    ("R7", "endpoints that lag", "test_endpoints_lag.py"),
    ("R15", "processes stopped with SIGSTOP, on SQLite", "test_lease.py"),
    ("R20", "predictions of cost, and what a budget refuses", "test_costs.py"),
    ("R21", "logs in ranges that adapt, in order", "test_log_ranges.py"),
    ("R24", "50 transactions on each kind of signer, and one replaced", "test_signers.py"),
    ("R24", "key management service, high s", "test_kms.py"),
    ("R24", "Safe, proposals only", "test_safe.py"),
    ("R24", "signer in a process of its own", "test_signer_process.py"),
)


def check_suites(_tenths: int, folder: Path) -> list[Check]:
    """Test files in one run of pytest. All of them have to be there, and all to pass."""
    places = [ROOT / "tests" / "keepers" / "core" / name for _, _, name in SUITES]
    there = [str(place) for place in places if place.exists()]
    report = folder / "suites.xml"
    command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", *there]
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
    passed: dict[str, int] = {}
    total: dict[str, int] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        name = case.attrib["classname"].rpartition(".")[2] + ".py"
        total[name] = total.get(name, 0) + 1
        passed[name] = passed.get(name, 0) + (len(case) == 0)
    return [
        Check(
            requirement,
            f"{what}: tests passed",
            str(passed.get(name, 0)),
            f"= {total.get(name, 1)}",
            passed.get(name, 0) == total.get(name, 1),
        )
        for requirement, what, name in SUITES
    ]
