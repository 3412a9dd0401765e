"""What a policy allows, and the words in which it refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from keepers.core.model import Unsigned
from keepers.core.signer_policy import Policy, Rule, refusal, selector_of
from tests.keepers.core.policy_fuzz import fuzz
from tests.keepers.core.signer_world import POLICY
from tests.keepers.core.signing_cases import ADDRESS, OTHER, TARGET

REWARD = bytes.fromhex("228cb733")
GOOD = Unsigned(42161, 7, TARGET, REWARD, 1_000_000, 10**9, 0)
CANCEL = replace(GOOD, to=ADDRESS, data=b"")


def test_selector_of__reward__is_that_of_the_deployed_contract() -> None:
    assert selector_of("reward()") == REWARD


@pytest.mark.parametrize("tx", [GOOD, CANCEL, replace(GOOD, data=REWARD + bytes(32))])
def test_refusal__everything_at_its_limit__is_none(tx: Unsigned) -> None:
    assert refusal(POLICY, ADDRESS, tx, 99) is None


NOT_LISTED = f"contract {ADDRESS} is not in the policy (allow)"
NO_FUNCTION = f"a call of {TARGET} without a function: plain transfers are never allowed"
UNKNOWN = (
    f"function 0x00000000 of {TARGET} is not one of reward(), rewardForTranscoder(address) "
    "(functions)"
)
DEAR = "a fee of 1000000001 wei per gas is above 1000000000 (max_fee_gwei)"


@pytest.mark.parametrize(
    ("change", "signed", "text"),
    [
        ({"chain_id": 1}, 0, "chain 1 is not 42161 (chain_id)"),
        ({"to": OTHER}, 0, f"contract {OTHER} is not in the policy (allow)"),
        ({"to": ADDRESS}, 0, NOT_LISTED),
        ({"to": ADDRESS, "data": b"", "value": 1}, 0, NOT_LISTED),
        ({"data": b""}, 0, NO_FUNCTION),
        ({"data": REWARD[:3]}, 0, NO_FUNCTION),
        ({"data": bytes(4)}, 0, UNKNOWN),
        ({"value": 1}, 0, f"1 wei with a call of {TARGET} is above 0 (max_value_eth)"),
        ({"max_fee": 10**9 + 1}, 0, DEAR),
        ({"gas": 1_000_001}, 0, "1000001 gas is above 1000000 (max_gas)"),
        ({}, 100, "100 transactions were signed today, all that are allowed (per_day)"),
    ],
)
def test_refusal__one_thing_beyond__names_it_in_one_line(
    change: dict[str, Any], signed: int, text: str
) -> None:
    assert refusal(POLICY, ADDRESS, replace(GOOD, **change), signed) == text


@pytest.mark.parametrize("change", [{"chain_id": 1}, {"max_fee": 10**9 + 1}, {"gas": 1_000_001}])
def test_refusal__cancellation_beyond_the_limits__is_refused(change: dict[str, Any]) -> None:
    assert refusal(POLICY, ADDRESS, replace(CANCEL, **change), 0)


def test_refusal__function_of_another_rule__is_refused() -> None:
    rules = (
        Rule(TARGET, {REWARD: "reward()"}, 5),
        Rule(OTHER, {selector_of("initializeRound()"): "initializeRound()"}),
    )
    policy: Policy = replace(POLICY, rules=rules)
    assert refusal(policy, ADDRESS, replace(GOOD, value=5), 0) is None
    assert refusal(policy, ADDRESS, replace(GOOD, to=OTHER), 0) == (
        f"function 0x228cb733 of {OTHER} is not one of initializeRound() (functions)"
    )
    assert refusal(policy, ADDRESS, replace(GOOD, value=6), 0)


def test_refusal__contract_in_two_rules__each_function_has_its_own_value() -> None:
    other = selector_of("fund()")
    policy = replace(POLICY, rules=(*POLICY.rules, Rule(TARGET, {other: "fund()"}, 9)))
    assert refusal(policy, ADDRESS, replace(GOOD, data=other, value=9), 0) is None
    assert refusal(policy, ADDRESS, replace(GOOD, value=9), 0)


def test_fuzz__random_transactions__none_is_signed_outside_of_the_policy() -> None:
    found = fuzz(500, seed=24)
    assert (found.forbidden_signed, found.allowed_refused) == (0, 0)
    assert found.keys_touched == found.signed > 50
    assert found.refused > 200


def test_fuzz__policy_with_a_hole__is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(policy: Policy, account: str, tx: Unsigned, signed: int) -> str | None:
        return refusal(policy, account, replace(tx, value=0), signed)

    monkeypatch.setattr("keepers.core.guarded_signer.refusal", careless)
    assert fuzz(300, seed=24).forbidden_signed > 0
