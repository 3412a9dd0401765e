"""Parameter files: the three we ship, and one clear line for anything wrong in one."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import pytest

from scripts._lib.params import (
    FOLDER,
    ParameterError,
    Parameters,
    load_parameters,
    parse_parameters,
)

NETWORKS = ("local", "arbitrum-sepolia", "arbitrum-mainnet")
LOCAL = (FOLDER / "local.toml").read_text(encoding="utf-8")


def line_of(text: str, start: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if line.startswith(start))


@pytest.mark.parametrize("network", NETWORKS)
def test_load_parameters__shipped_file__is_valid(network):
    parameters = load_parameters(network)
    assert parameters.network.live is (network != "local")


@pytest.mark.parametrize("network", NETWORKS)
def test_load_parameters__shipped_file__every_value_says_its_source(network):
    text = (FOLDER / f"{network}.toml").read_text(encoding="utf-8")
    values = [line for line in text.splitlines() if re.match(r"\w+ = ", line)]
    assert [line for line in values if "live =" not in line and "  # " not in line] == []


def test_load_parameters__mainnet__has_the_values_of_the_accepted_proposals():
    mainnet = load_parameters("arbitrum-mainnet")
    assert mainnet.rounds.round_length == 6377  # LIP-83
    assert mainnet.rounds.round_lock_amount == 100_000
    assert mainnet.bonding.treasury_reward_cut_rate == 10**26  # LIP-92, LIP-101
    assert mainnet.bonding.treasury_balance_ceiling == 750_000 * 10**18  # LIP-92
    assert mainnet.minter.inflation_change == 500  # LIP-34
    assert mainnet.minter.target_bonding_rate == 500_000_000  # LIP-40
    assert mainnet.slashing.armed_faults == 0  # LIP-9001 arms it, not a deployment
    assert mainnet.access.owner == "Governor"  # which belongs to the Safe of LIP-73
    assert mainnet.governor.owner == "0x04F53A0bb244f015cC97731570BeD26F0229da05"
    assert mainnet.genesis is None
    assert mainnet.faucet is None


@pytest.mark.parametrize("network", ["arbitrum-sepolia", "arbitrum-mainnet"])
def test_load_parameters__live__has_the_terms_of_the_verification_spec(network):
    terms = load_parameters(network).slashing
    slashes = (terms.equivocation_slash, terms.contradiction_slash, terms.content_slash)
    assert slashes == (30_000, 10_000, 10_000)
    assert terms.finder_share == 200_000
    assert (terms.signed_delay, terms.content_delay) == (24 * 3_600, 48 * 3_600)
    assert (terms.content_distance, terms.signer_grace) == (5, 5)
    assert (terms.slash_cooldown, terms.round_slash_cap) == (24 * 3_600, 20_000)
    assert terms.arbiter is None


@pytest.mark.parametrize("network", NETWORKS)
def test_load_parameters__shipped_file__has_the_voting_rules_of_core_spec_16_1(network):
    p = load_parameters(network)
    rules = p.livepeer_governor
    assert (rules.voting_delay, rules.voting_period) == (1, 10)
    assert rules.proposal_threshold == 100 * 10**18
    assert (rules.quorum, rules.quota) == (333_300, 500_000)
    assert p.treasury.min_delay == 0


@pytest.mark.parametrize("network", ["arbitrum-sepolia", "arbitrum-mainnet"])
def test_load_parameters__live__evidence_outlives_no_unbonding(network):
    """Stake that was there when a receipt was signed must be there when the case opens."""
    parameters = load_parameters(network)
    unbonding = parameters.bonding.unbonding_period * parameters.rounds.round_length * 12
    assert parameters.slashing.evidence_window < unbonding


def test_load_parameters__mainnet__takes_evidence_of_five_rounds():
    assert load_parameters("arbitrum-mainnet").slashing.evidence_window == 5 * 5_760 * 12


def test_load_parameters__sections__are_frozen():
    parameters = load_parameters("local")
    with pytest.raises(AttributeError):
        parameters.bonding.unbonding_period = 1
    sections = [getattr(parameters, item.name) for item in fields(parameters)]
    assert all(is_dataclass(section) for section in sections)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "unbonding_period = 7",
            "unbonding_perid = 7",
            "bonding.unbonding_perid: unknown key; did you mean unbonding_period?",
        ),
        (
            "burner = true",
            "zz = true",
            "minter.zz: unknown key; one of inflation, inflation_change, "
            "target_bonding_rate, burner",
        ),
        (
            "round_length = 50",
            "round_length = 0",
            "rounds.round_length = 0: out of range 1..1000000 (blocks; L1 blocks on Arbitrum)",
        ),
        (
            'round_lock_amount = "10 %"',
            'round_lock_amount = "101 %"',
            "rounds.round_lock_amount = 101 %: out of range 0..1000000 (parts of 1000000)",
        ),
        (
            "inflation = 220500",
            'inflation = "0.00000001 %"',
            "minter.inflation = 0.00000001 %: finer than the contract can hold "
            "(parts of 1000000000)",
        ),
        (
            'request_amount = "10 LPT"',
            'request_amount = "10 ETH"',
            'faucet.request_amount = 10 ETH: must be an integer (wei) or "<number> LPT"',
        ),
        (
            'request_amount = "10 LPT"',
            'request_amount = "ten LPT"',
            "faucet.request_amount = ten LPT: 'ten' is not a number",
        ),
        (
            "request_wait = 1",
            "request_wait = 1.5",
            "faucet.request_wait = 1.5: must be an integer (hours), not float",
        ),
        (
            "request_wait = 1",
            "request_wait = true",
            "faucet.request_wait = True: must be an integer (hours), not bool",
        ),
        (
            "burner = true",
            "burner = 1",
            "minter.burner = 1: must be true or false",
        ),
        (
            'implementation = "RoundsManager"',
            'implementation = "Rounds"',
            "rounds.implementation = Rounds: must be one of RoundsManager, AdjustableRoundsManager",
        ),
        (
            'owner = "deployer"',
            'owner = "0x00"',
            'access.owner = 0x00: must be an address other than zero, or "deployer", or "Governor"',
        ),
        (
            "voting_period = 10",
            "voting_period = 0",
            "livepeer_governor.voting_period = 0: out of range 1..10000 (rounds)",
        ),
        (
            'quota = "50 %"',
            "quota = 1000001",
            "livepeer_governor.quota = 1000001: out of range 0..1000000 (parts of 1000000)",
        ),
        (
            "armed_faults = 14",
            "armed_faults = 5",
            "slashing.armed_faults = 5: must be a sum of some of: "
            "2 equivocation + 4 contradiction + 8 content",
        ),
        (
            "armed_faults = 14",
            "armed_faults = 15",
            "slashing.armed_faults = 15: out of range 0..14 "
            "(2 equivocation + 4 contradiction + 8 content)",
        ),
        (
            'content_slash = "1 %"',
            'content_slash = "11 %"',
            "slashing.content_slash = 11 %: out of range 0..100000 (parts of 1000000)",
        ),
        (
            'finder_share = "20 %"',
            'finder_share = "50 %"',
            "slashing.finder_share = 50 %: out of range 0..499999 (parts of 1000000)",
        ),
        (
            "signed_delay = 3600",
            "signed_delay = 3599",
            "slashing.signed_delay = 3599: out of range 3600..31622400 (seconds)",
        ),
        (
            "treasury_balance_ceiling",
            "treasury_balance_ceiling = 2\n#",
            "",
        ),
    ],
)
def test_parse_parameters__wrong_value__names_line_key_and_remedy(old, new, problem):
    assert old in LOCAL
    text = LOCAL.replace(old, new, 1)
    if not problem:  # the control: an edit that is fine
        assert parse_parameters(text, name="local.toml").bonding.treasury_balance_ceiling == 2
        return
    with pytest.raises(ParameterError) as error:
        parse_parameters(text, name="local.toml")
    assert str(error.value) == f"local.toml:{line_of(text, new)}: {problem}"


def test_parse_parameters__missing_key__names_the_line_of_its_section():
    text = "\n".join(x for x in LOCAL.splitlines() if not x.startswith("unlock_period"))
    with pytest.raises(ParameterError) as error:
        parse_parameters(text, name="local.toml")
    place = f"local.toml:{line_of(text, '[broker]')}"
    assert str(error.value) == f"{place}: broker.unlock_period: missing key"


def test_parse_parameters__unknown_section__names_the_nearest():
    with pytest.raises(ParameterError, match=r"x:\d+: broker2: unknown section; did you mean brok"):
        parse_parameters(LOCAL.replace("[broker]", "[broker2]"), name="x")


def test_parse_parameters__missing_section__names_it():
    text = LOCAL[: LOCAL.index("[broker]")] + LOCAL[LOCAL.index("[minter]") :]
    with pytest.raises(ParameterError, match="^x: broker: missing section$"):
        parse_parameters(text, name="x")


def test_parse_parameters__section_that_is_a_value__says_so():
    with pytest.raises(ParameterError, match=r"^x:1: network: must be a section: \[network\]$"):
        parse_parameters("network = 1", name="x")


def test_parse_parameters__not_toml__says_where():
    with pytest.raises(ParameterError, match=r"^x: not TOML: Expected '\]'"):
        parse_parameters("[network", name="x")


def test_load_parameters__no_such_file__names_those_there_are(tmp_path: Path):
    with pytest.raises(ParameterError, match="exist for arbitrum-mainnet, arbitrum-sepolia, local"):
        load_parameters(tmp_path / "none.toml")


def test_parameters__adjustable_rounds_on_a_live_network__is_refused():
    mainnet = load_parameters("arbitrum-mainnet")
    with pytest.raises(ParameterError, match="anyone can set its block number"):
        replace(mainnet, rounds=replace(mainnet.rounds, implementation="AdjustableRoundsManager"))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("network", {"chain_id": None}), "network.chain_id: missing; a live network needs it"),
        (("genesis", None), ""),
    ],
)
def test_parameters__live_without_chain_id__is_refused(change, problem):
    sepolia = load_parameters("arbitrum-sepolia")
    name, values = change
    section = replace(getattr(sepolia, name), **values) if values else None
    if not problem:
        assert isinstance(replace(sepolia, **{name: section}), Parameters)
        return
    with pytest.raises(ParameterError, match=f"^{problem}$"):
        replace(sepolia, **{name: section})


def test_parameters__genesis_on_an_existing_token__is_refused():
    local, mainnet = load_parameters("local"), load_parameters("arbitrum-mainnet")
    with pytest.raises(ParameterError, match=r"an existing token takes no \[genesis\]"):
        replace(local, existing=mainnet.existing)


def test_parameters__gateway_without_its_token__is_refused():
    local, mainnet = load_parameters("local"), load_parameters("arbitrum-mainnet")
    gateway = replace(local.existing, l2_lpt_gateway=mainnet.existing.l2_lpt_gateway)
    with pytest.raises(ParameterError, match=r"a token of our own has no gateway"):
        replace(local, existing=gateway)


def test_parameters__genesis_for_a_faucet_that_is_not_there__is_refused():
    with pytest.raises(ParameterError, match=r"^genesis.to_faucet: there is no \[faucet\] to mint"):
        replace(load_parameters("local"), faucet=None)
