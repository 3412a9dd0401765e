"""Arming slashing: what is staged, and what stands against it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from eth_utils.crypto import keccak

from scripts._lib import arming
from scripts._lib.arming import after, before, calldata, stage, steps
from scripts._lib.chain import ZERO, Call
from scripts._lib.context import Context
from scripts._lib.deployment import run_steps
from scripts._lib.params import Parameters, load_parameters
from scripts._lib.plan import build_plan
from scripts._lib.protocol import contract_id
from scripts._lib.rights import role_id
from tests.unit.deploy.fake_chain import (
    STRANGER,
    FakeChain,
    context_on,
    fake_artifact,
    outcomes,
)
from verifier.thresholds import ThresholdsError

ENTRIES = (
    {"type": "event", "name": "setArmedFaults", "inputs": []},
    {"type": "function", "name": "setArmedFaults", "inputs": [{"type": "uint256"}]},
    {"type": "function", "name": "setGuardian", "inputs": [{"type": "address"}]},
    {"type": "function", "name": "setSlashes", "inputs": [{"type": "uint256"}] * 3},
)
ALL = 14


@pytest.fixture
def disarmed(chain: FakeChain, path: Path, artifacts, parameters: Parameters) -> Context:
    """Deployed with the local parameters, but not armed."""
    verifier = replace(artifacts["SlashingVerifier"], abi=ENTRIES)
    artifacts |= {"SlashingVerifier": verifier}
    plan = build_plan(arming.armed(parameters, 0))
    run_steps(context_on(chain, path, artifacts), plan)
    return context_on(chain, path, artifacts)


def missing(context: Context, parameters: Parameters, faults: int = ALL) -> list[str]:
    return [check.name for check in before(context, parameters, faults) if not check.holds]


def test_stage__deployed_with_its_terms__is_one_call(disarmed, parameters):
    (call,) = stage(disarmed, parameters, ALL)
    assert call.call.address == disarmed.address("Verifier")
    assert (call.shown, call.change) == ("setArmedFaults(14)", "0 -> 14")
    selector = keccak(text="setArmedFaults(uint256)")[:4].hex()
    assert call.data == f"0x{selector}{14:064x}"


def test_stage__terms_on_chain_differ__sets_them_before_it_arms(disarmed, parameters):
    terms = replace(parameters.slashing, content_slash=5_000, guardian=STRANGER)
    changed = replace(parameters, slashing=terms)
    shown = [call.shown for call in stage(disarmed, changed, ALL)]
    assert shown == [
        "setSlashes(30000, 10000, 5000)",
        f"setGuardian({STRANGER})",
        "setArmedFaults(14)",
    ]


def test_stage__handed_over__is_the_same_for_somebody_else(disarmed, parameters):
    expected = stage(disarmed, parameters, ALL)
    disarmed.chain.account = STRANGER
    assert stage(disarmed, parameters, ALL) == expected


def test_run_steps__staged_calls__arm_and_can_be_read_back(disarmed, parameters):
    assert missing(disarmed, parameters) == []
    assert not all(check.holds for check in after(disarmed, parameters, ALL))

    reports = run_steps(disarmed, steps(parameters, ALL))

    assert outcomes(reports) == {"set Verifier.armedFaults": "sent"}
    assert all(check.holds for check in after(disarmed, parameters, ALL))
    assert stage(disarmed, parameters, ALL) == []
    (call,) = stage(disarmed, parameters, 0)
    assert call.shown == "setArmedFaults(0)"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"content_slash": 10_001}, "content_slash is at most 10000"),
        ({"finder_share": 200_001}, "finder_share is at most 200000"),
        ({"round_slash_cap": 20_001}, "round_slash_cap is at most 20000"),
        ({"content_distance": 6}, "content_distance is at most 5"),
        ({"slash_cooldown": 86_399}, "slash_cooldown is at least 86400 s"),
        (
            {"execution_window": 432_000},
            "execution_window is longer than arbitration_window",
        ),
    ],
)
def test_before__terms_beyond_the_proposal__are_named_alone(disarmed, parameters, change, problem):
    changed = replace(parameters, slashing=replace(parameters.slashing, **change))
    assert missing(disarmed, changed) == [problem]


def test_before__development_delays_on_a_live_network__are_named(disarmed, parameters):
    live = replace(parameters, network=replace(parameters.network, live=True, chain_id=1))
    found = missing(disarmed, live, faults=2)
    assert found == [
        "signed_delay is at least 86400 s",
        "content_delay is at least 172800 s",
        "evidence_window is shorter than unbonding, 4200 s",
    ]


@pytest.mark.parametrize("network", ["arbitrum-mainnet", "arbitrum-sepolia"])
def test_before__live_parameters__lack_the_corpus_for_content_alone(disarmed, network):
    live = load_parameters(network)
    assert missing(disarmed, live, faults=6) == []
    assert missing(disarmed, live) == ["honest corpus has at least 1000 contents, to arm content"]


def test_before__large_corpus__content_can_be_armed(disarmed, monkeypatch):
    corpus = SimpleNamespace(contents=dict.fromkeys(range(1_000)))
    large = SimpleNamespace(version=2, corpus=corpus)
    monkeypatch.setattr(arming, "load_thresholds", lambda: large)
    assert missing(disarmed, load_parameters("arbitrum-mainnet")) == []


def test_before__thresholds_unsafe__are_named(disarmed, parameters, monkeypatch):
    def refuse() -> None:
        raise ThresholdsError("x.json: luma is under 4 times the honest maximum")

    monkeypatch.setattr(arming, "load_thresholds", refuse)
    checks = {check.name: check for check in before(disarmed, parameters, 2)}
    assert not checks["thresholds load"].holds
    assert "4 times the honest maximum" in checks["thresholds load"].found


def test_before__something_not_in_place__is_named_alone(disarmed, parameters):
    registry = disarmed.chain.contracts[disarmed.address("Controller")].registry
    address, commit = registry[contract_id("ContentFaults")]
    registry[contract_id("ContentFaults")] = (STRANGER, commit)
    assert missing(disarmed, parameters) == ["ContentFaults is registered, with code, as recorded"]
    registry[contract_id("ContentFaults")] = (address, commit)

    token = disarmed.chain.contracts[disarmed.address("LivepeerToken")]
    token.roles.discard((role_id("BURNER_ROLE"), disarmed.address("Minter")))
    assert missing(disarmed, parameters) == ["Minter can burn LPT: every slash does"]


def test_before__no_guardian__is_named(disarmed, parameters):
    unguarded = replace(parameters, slashing=replace(parameters.slashing, guardian=ZERO))
    assert "a guardian can cancel" in missing(disarmed, unguarded)


def test_before__disarming__asks_for_no_terms(disarmed, parameters):
    bad = replace(parameters, slashing=replace(parameters.slashing, content_slash=100_000))
    assert missing(disarmed, bad, faults=0) == []


def test_calldata__address__is_padded():
    artifact = replace(fake_artifact("SlashingVerifier"), abi=ENTRIES)
    call = Call(artifact, STRANGER, "setGuardian", (STRANGER,))
    selector = keccak(text="setGuardian(address)")[:4].hex()
    assert calldata(call) == f"0x{selector}{'00' * 12}{STRANGER[2:].lower()}"
