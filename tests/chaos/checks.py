"""All checks: what each is called, and what it takes. The longest come first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.chaos.baselines import check_baselines
from tests.chaos.crowd import check_crowd
from tests.chaos.dry_run import check_dry_run
from tests.chaos.elsewhere import check_leases, check_mistakes, check_policy, check_suites
from tests.chaos.faults_in_memory import check_crashes, check_nonces, check_reorganisations
from tests.chaos.fees_in_memory import check_budgets, check_replacement, check_urgency
from tests.chaos.kills import check_kills
from tests.chaos.l1_clock import check_l1_clock
from tests.chaos.outages import check_endpoints, check_sleep
from tests.chaos.report import Check
from tests.chaos.revert_reasons import check_reverts
from tests.chaos.revocations import check_revocations
from tests.chaos.rewards import check_rewards
from tests.chaos.two_processes import check_hosts, check_pairs

ON_ANVIL: dict[str, Callable[[int, Path], list[Check]]] = {
    "kills": check_kills,
    "rewards": check_rewards,
    "endpoints": check_endpoints,
    "pairs": check_pairs,
    "hosts": check_hosts,
    "revocations": check_revocations,
    "sleep": check_sleep,
    "dry run": check_dry_run,
}
IN_MEMORY: dict[str, Callable[[int, Path], list[Check]]] = {
    "nonces": check_nonces,
    "suites": check_suites,
    "baselines": check_baselines,
    "crashes": check_crashes,
    "l1 clock": check_l1_clock,
    "urgency": check_urgency,
    "reorganisations": check_reorganisations,
    "policy": check_policy,
    "replacement": check_replacement,
    "budgets": check_budgets,
    "reverts": check_reverts,
    "crowd": check_crowd,
    "leases": check_leases,
    "mistakes": check_mistakes,
}
CHECKS = ON_ANVIL | IN_MEMORY


def run(name: str, tenths: int) -> list[Check]:
    """One of them; what is raised in it is a check that failed."""
    with TemporaryDirectory(prefix="chaos") as folder:
        try:
            return CHECKS[name](tenths, Path(folder))
        except Exception as error:  # one broken check must not hide the others
            text = f"{type(error).__name__}: {error}".splitlines()[0][:200]
            return [Check("-", name, text, "ends", passed=False)]
