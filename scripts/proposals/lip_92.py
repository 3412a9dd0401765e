"""LIP-92: a tenth of each round's rewards goes to the treasury, until it holds 750,000 LPT."""

from scripts._governance.model import Call, Check, System

LIP = 92
TITLE = "Treasury contribution percentage"


def calls(_: System) -> list[Call]:
    return [
        Call("BondingManager", "setTreasuryRewardCutRate", (10**26,), note="from next round on"),
        Call("BondingManager", "setTreasuryBalanceCeiling", (750_000 * 10**18,)),
    ]


def check_before(system: System) -> list[Check]:
    rate = system.read("BondingManager", "nextRoundTreasuryRewardCutRate")
    ceiling = system.read("BondingManager", "treasuryBalanceCeiling")
    return [
        Check.equal(1, "cut of the next round", rate, 0),
        Check.equal(2, "ceiling of the treasury's balance", ceiling, 0),
    ]


def check_after(system: System) -> list[Check]:
    # The rate of this round stays until the next one begins.
    rate = system.read("BondingManager", "nextRoundTreasuryRewardCutRate")
    ceiling = system.read("BondingManager", "treasuryBalanceCeiling")
    return [
        Check.equal(1, "cut of the next round", rate, 10**26),
        Check.equal(2, "ceiling of the treasury's balance", ceiling, 750_000 * 10**18),
    ]
