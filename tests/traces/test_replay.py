"""The recorded behaviour of the deployed protocol, step by step, against this build."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.shared import SHARED, WHY_SKIPPED
from tests.traces.replay import absent_contracts, replay, trace_files

TRACES = trace_files()
DIVERGENCES = trace_files("divergences")

pytestmark = [
    pytest.mark.stateful,
    pytest.mark.skipif(not SHARED.is_dir(), reason=WHY_SKIPPED),
]


@pytest.mark.parametrize("path", TRACES, ids=lambda path: path.name.removesuffix(".json.gz"))
def test_replay__ordinary_trace__no_mismatch(path: Path, tally: Any) -> None:
    before = tally.mismatches
    skip_if_not_replayed(replay(path, tally))
    assert tally.mismatches == before, "the mismatch is printed above"


@pytest.mark.parametrize("path", DIVERGENCES, ids=lambda path: path.name.removesuffix(".json.gz"))
def test_replay__trace_with_attacks__only_tagged_steps_differ(path: Path, tally: Any) -> None:
    """Steps tagged with a later security fix must come out differently; all others alike."""
    before, fixed = tally.mismatches, fixed_steps(tally)
    skip_if_not_replayed(replay(path, tally))
    assert tally.mismatches == before, "the mismatch is printed above"
    assert fixed_steps(tally) > fixed, "no tagged step came out differently: a fix is missing"


def skip_if_not_replayed(replayer: Any) -> None:
    """A trace in which a contract that this build lacks governs the others cannot be replayed."""
    if "BondingManager" in replayer.system.missing:
        pytest.skip(f"not in this build: {', '.join(absent_contracts(replayer))}")


def fixed_steps(tally: Any) -> int:
    return sum(count for kind, count in tally.soft.items() if kind.startswith("fixed"))
