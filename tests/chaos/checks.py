"""All checks: what each is called, and what it takes. The longest come first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.chaos.baselines import check_baselines
from tests.chaos.crowd import check_crowd
from tests.chaos.elsewhere import check_leases, check_mistakes, check_policy, check_suites
from tests.chaos.faults_in_memory import check_crashes, check_nonces, check_reorganisations
from tests.chaos.fees_in_memory import check_budgets, check_replacement, check_urgency
from tests.chaos.l1_clock import check_l1_clock
from tests.chaos.report import Check
from tests.chaos.revert_reasons import check_reverts
from tests.chaos.rewards import check_rewards

CHECKS: dict[str, Callable[[int, Path], list[Check]]] = {
    "rewards": check_rewards,
    "crashes": check_crashes,
    "nonces": check_nonces,
    "l1 clock": check_l1_clock,
    "suites": check_suites,
    "baselines": check_baselines,
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


def run(name: str, tenths: int) -> list[Check]:
    """One of them; what is raised in it is a check that failed."""
    with TemporaryDirectory(prefix="chaos") as folder:
        try:
            return CHECKS[name](tenths, Path(folder))
        except Exception as error:  # one broken check must not hide the others
            text = f"{type(error).__name__}: {error}".splitlines()[0][:200]
            return [Check("-", name, text, "ends", passed=False)]
