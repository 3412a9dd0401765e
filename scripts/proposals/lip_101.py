"""LIP-101: the treasury's cut, which stopped when its balance reached the ceiling, starts again."""

from scripts._governance.model import Call, Check, System

LIP = 101
TITLE = "Restart treasury reward cut"


def calls(_: System) -> list[Call]:
    return [
        Call("BondingManager", "setTreasuryRewardCutRate", (10**26,), note="from next round on")
    ]


def check_before(system: System) -> list[Check]:
    rate = system.read("BondingManager", "nextRoundTreasuryRewardCutRate")
    ceiling = system.read("BondingManager", "treasuryBalanceCeiling")
    held = system.read("LivepeerToken", "balanceOf", system.address("Treasury"))
    return [
        Check.equal(1, "cut of the next round", rate, 0),
        # At the ceiling the first reward call would stop the cut again.
        Check(1, "treasury's balance", held, f"below {ceiling}", held < ceiling),
    ]


def check_after(system: System) -> list[Check]:
    # The rate of this round stays until the next one begins.
    rate = system.read("BondingManager", "nextRoundTreasuryRewardCutRate")
    return [Check.equal(1, "cut of the next round", rate, 10**26)]
