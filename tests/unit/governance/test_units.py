"""Each number of a call with its unit, and the table complete for every ABI."""

from __future__ import annotations

import re
from typing import Any

import pytest
from eth_utils import keccak

from scripts._governance.calldata import Interfaces, source_of
from scripts._governance.units import UNITS, raw, shown, unit_of
from scripts._governance.wire import Entry


def functions(interfaces: Interfaces) -> list[tuple[str, Entry]]:
    """State-changing functions of every ABI."""
    return [
        (contract, entry)
        for contract in interfaces.contracts
        for entry in interfaces.abi(contract)
        if entry["type"] == "function" and entry["stateMutability"] in ("nonpayable", "payable")
    ]


def without_unit(entry: Entry, contract: str) -> list[str]:
    """Numbers without a unit; in a setter also ids and roles."""
    setter = re.match(r"set[A-Z]|update|grant|revoke|initialize$", entry["name"])
    kinds = ("uint", "bytes32") if setter else ("uint",)
    return [
        f"{contract}.{entry['name']}.{item['name']}"
        for item in entry["inputs"]
        if item["type"].startswith(kinds) and not item["type"].endswith("]")
        if unit_of(contract, entry["name"], item["name"]) is None
    ]


# Words that are no quantity, and numbers of tokens of other standards.
HOOKS = ("onERC721Received.tokenId", "onERC1155Received.id", "onERC1155Received.amount")
NO_QUANTITY = {
    *(f"{contract}.{hook}" for contract in ("Treasury", "LivepeerGovernor") for hook in HOOKS),
    "MerkleSnapshot.setSnapshot._root",
    "AdjustableRoundsManager.setBlockHash._hash",
}


def test_units__every_number_of_every_setter_and_action__has_one() -> None:
    found = functions(Interfaces.load())
    missing = {name for contract, entry in found for name in without_unit(entry, contract)}
    assert missing - NO_QUANTITY == set()
    assert len(found) > 90


def test_units__new_setter__would_be_missed() -> None:
    entry = {"name": "setPace", "inputs": [{"name": "_pace", "type": "uint256"}]}
    assert without_unit(entry, "Minter") == ["Minter.setPace._pace"]


def test_units__every_line_of_the_table__is_of_an_argument_that_exists() -> None:
    interfaces = Interfaces.load()
    for contract, of_contract in UNITS.items():
        assert contract == source_of(contract)
        for function, arguments in of_contract.items():
            names = {item["name"] for item in interfaces.function(contract, function)["inputs"]}
            assert set(arguments) <= names, f"{contract}.{function}"


@pytest.mark.parametrize(
    ("contract", "function", "argument", "value", "text"),
    [
        ("RoundsManager", "setRoundLength", "_roundLength", 6377, "6,377 blocks"),
        ("RoundsManager", "setRoundLength", "_roundLength", 1, "1 block"),
        (
            "RoundsManager",
            "setRoundLockAmount",
            "_roundLockAmount",
            100_000,
            "10 % (100000 of 10^6)",
        ),
        (
            "BondingManager",
            "setTreasuryRewardCutRate",
            "_cutRate",
            10**26,
            "10 % (100000000000000000000000000 of 10^27)",
        ),
        (
            "BondingManager",
            "setTreasuryBalanceCeiling",
            "_ceiling",
            750_000 * 10**18,
            "750,000 LPT",
        ),
        ("BondingManager", "setUnbondingPeriod", "_unbondingPeriod", 7, "7 rounds"),
        ("BondingManager", "unbond", "_amount", 1, "0.000000000000000001 LPT"),
        ("BondingManager", "withdrawFees", "_amount", 15 * 10**17, "1.5 ETH"),
        ("Minter", "setInflationChange", "_inflationChange", 700, "0.00007 % (700 of 10^9)"),
        (
            "Minter",
            "setTargetBondingRate",
            "_targetBondingRate",
            460_000_000,
            "46 % (460000000 of 10^9)",
        ),
        (
            "LivepeerGovernor",
            "updateQuorumNumerator",
            "newQuorumNumerator",
            333_300,
            "33.33 % (333300 of 10^6)",
        ),
        ("LivepeerGovernor", "castVote", "support", 2, "abstain (2)"),
        ("LivepeerGovernor", "castVote", "support", 3, "unknown (3)"),
        ("Treasury", "updateDelay", "newDelay", 0, "0 seconds"),
        ("Governor", "stage", "_delay", 51_840, "51,840 blocks"),
        ("Verifier", "setArmedFaults", "_faults", 6, "equivocation + contradiction (6)"),
        ("Verifier", "setArmedFaults", "_faults", 0, "none (0)"),
        ("Verifier", "setArmedFaults", "_faults", 17, "unknown (17)"),
        ("SlashingVerifier", "setSlashes", "_content", 10_000, "1 % (10000 of 10^6)"),
        ("JobsManager", "setUnlockPeriod", "_unlockPeriod", 2, "2 rounds"),
        ("LivepeerToken", "permit", "deadline", 2**256 - 1, f"{2**256 - 1} (no end)"),
        ("LivepeerToken", "permit", "deadline", 0, "0 (1970-01-01 00:00:00 UTC)"),
        (
            "Controller",
            "setContractInfo",
            "_id",
            keccak(text="BondingManagerTarget"),
            "BondingManagerTarget",
        ),
        ("Controller", "setContractInfo", "_id", b"\1" * 32, f"0x{'01' * 32} (unknown)"),
        ("Controller", "setContractInfo", "_gitCommitHash", b"\1" * 20, "0x" + "01" * 20),
        ("LivepeerToken", "grantRole", "role", keccak(text="MINTER_ROLE"), "MINTER_ROLE"),
        ("Treasury", "grantRole", "role", bytes(32), "DEFAULT_ADMIN_ROLE"),
        ("Minter", "unheardOf", "_x", 5, "5"),
    ],
)
def test_shown__value__has_its_own_unit_and_denominator(
    contract: str, function: str, argument: str, value: Any, text: str
) -> None:
    assert shown(contract, function, argument, value) == text


def test_shown__same_number_in_three_bases__is_three_percentages() -> None:
    value = 1_000_000
    assert shown("RoundsManager", "setRoundLockAmount", "_roundLockAmount", value)[:5] == "100 %"
    assert shown("Minter", "setInflationChange", "_inflationChange", value)[:5] == "0.1 %"
    cut = shown("BondingManager", "setTreasuryRewardCutRate", "_cutRate", value)
    assert cut.startswith("0.0000000000000000001 %")


def test_raw__nested_values__are_readable() -> None:
    assert raw((1, b"\xff", ("a", True))) == "[1, 0xff, [a, True]]"
