"""Clients of the deployed protocol find every function, event and error here, types unchanged."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from vyper.compiler.output import build_abi_output

from scripts._lib.abi_completion import COMPLETIONS
from scripts.export_abi import FOLDER, completed_abi, rendered
from tests.support.abi import Entry, facts, key, matches, wire_facts
from tests.support.contracts import deployer_of, source_of
from tests.support.shared import SHARED, needs_shared
from tools.vyper_sources import deployables

DEPLOYED = sorted(path.stem for path in (SHARED / "abi").glob("*.json"))
OURS = sorted(path.stem for path in deployables())

# Contracts of ours alone: the deployed protocol has no verification and no batches of rewards.
NEW = {"ContentFaults", "RewardBatcher", "SlashingVerifier"}
# What ours offer beyond the deployed contracts, and why.
EXTRA = {
    "BondingManager": {
        "event RewardCallerSet(address,address)": "LIP-118",
        "function rewardForTranscoder(address)": "LIP-118",
        "function rewardForTranscoderWithHint(address,address,address)": "LIP-118",
        "function setRewardCaller(address)": "LIP-118",
        "function transcoderToRewardCaller(address)": "LIP-118",
        "function getActiveSetSize()": "the TicketBroker shares reserves by it (difference 2)",
        "event StakeHeld(address,bool)": "slashing cases (difference 18)",
        "event UnbondingLockSlashed(address,address,uint256,uint256,uint256)": "difference 18",
        "function holdStake(address,bool)": "slashing cases (difference 18)",
        "function isStakeHeld(address)": "slashing cases (difference 18)",
        "function releaseStake(address)": "slashing cases (difference 18)",
        "function slashUnbondingLock(address,uint256,address,uint256,uint256)": "difference 18",
    },
}


@cache
def compiled_abi(name: str) -> list[Entry]:
    return list(build_abi_output(deployer_of(name).compiler_data))


def by_key(abi: list[Entry]) -> dict[str, Entry]:
    entries = {key(entry): entry for entry in abi}
    assert len(entries) == len(abi)
    return entries


def deployed_abi(name: str) -> dict[str, Entry]:
    return by_key(json.loads((SHARED / "abi" / f"{name}.json").read_text()))


def exported_abi(name: str) -> dict[str, Entry]:
    return by_key(completed_abi(source_of(name), compiled_abi(name)))


def without_selector(entry_key: str) -> str:
    kind, *_, signature = entry_key.split(" ")
    return f"{kind} {signature}"


def differences(deployed: dict[str, Entry], ours: dict[str, Entry], facts_of: Any) -> list[str]:
    found = [f"missing: {name}" for name in deployed if name not in ours]
    for name in deployed.keys() & ours.keys():
        there, here = facts_of(deployed[name]), facts_of(ours[name])
        if not matches(there, here):
            found.append(f"{name}: deployed {there}, ours {here}")
    return found


@needs_shared
def test_abi__contracts_of_the_deployed_protocol__are_all_built() -> None:
    assert set(OURS) == set(DEPLOYED) | NEW


@needs_shared
@pytest.mark.parametrize("name", DEPLOYED)
def test_exported_abi__deployed_entry__same_types_and_names(name: str) -> None:
    assert differences(deployed_abi(name), exported_abi(name), facts) == []


@needs_shared
@pytest.mark.parametrize("name", DEPLOYED)
def test_exported_abi__entry_that_is_not_deployed__has_a_reason(name: str) -> None:
    extra = exported_abi(name).keys() - deployed_abi(name).keys()
    assert {without_selector(entry) for entry in extra} == set(EXTRA.get(name, {}))


@needs_shared
@pytest.mark.parametrize("name", DEPLOYED)
def test_compiled_abi__deployed_entry__same_selectors_topics_and_types(name: str) -> None:
    """The compiler alone: the table hides no difference, and only what it adds is missing."""
    table = COMPLETIONS.get(name)
    added = {f"error {text}" for text in table.errors} if table else set()
    added |= {f"event {text}" for text in table.events} if table else set()
    deployed = deployed_abi(name)
    found = differences(deployed, by_key(compiled_abi(name)), wire_facts)
    missing = [text for text in found if text.startswith("missing: ")]
    assert len(missing) == len(added) + int(bool(table and table.receive))
    assert [text for text in found if text not in missing] == []
    assert all(text.split(" ")[1] in ("error", "event", "receive") for text in missing)


@pytest.mark.parametrize("name", OURS)
def test_committed_abi__present_sources__fresh(name: str) -> None:
    committed = (FOLDER / f"{name}.json").read_text()
    assert committed == rendered(completed_abi(source_of(name), compiled_abi(name)))


def test_committed_abi__folder__no_other_files() -> None:
    assert {path.stem for path in Path(FOLDER).iterdir()} == set(OURS)


@pytest.mark.parametrize("name", sorted(COMPLETIONS))
def test_completion_table__every_line__is_needed(name: str) -> None:
    """A name or entry that the compiler gives by now must leave the table."""
    table = COMPLETIONS[name]
    raw = {(entry["type"], entry.get("name", "")): entry for entry in compiled_abi(name)}
    for kind, texts in (("error", table.errors), ("event", table.events)):
        assert not [text for text in texts if (kind, text.split("(")[0]) in raw]
    for function in table.flat:
        (output,) = raw["function", function]["outputs"]
        assert output["type"] == "tuple"
    for function, names in table.outputs.items():
        assert [item["name"] for item in raw["function", function]["outputs"]] == [""] * len(names)
    for place in table.renamed:
        function, argument = place.split(".")
        entries = [entry for (_, entry_name), entry in raw.items() if entry_name == function]
        assert argument in [item["name"] for entry in entries for item in entry["inputs"]]
