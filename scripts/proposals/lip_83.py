"""LIP-83: rounds of 6,377 blocks. At 12 seconds a block that is 21 hours and a quarter again, as
5,760 blocks were before blocks came every 12 seconds.
"""

from scripts._governance.model import Call, Check, System

LIP = 83
TITLE = "roundLength parameter update"


def calls(_: System) -> list[Call]:
    return [Call("RoundsManager", "setRoundLength", (6_377,))]


def check_before(system: System) -> list[Check]:
    length = system.read("RoundsManager", "roundLength")
    return [Check.equal(1, "blocks of a round", length, 5_760)]


def check_after(system: System) -> list[Check]:
    length = system.read("RoundsManager", "roundLength")
    since = system.read("RoundsManager", "lastRoundLengthUpdateRound")
    current = system.read("RoundsManager", "currentRound")
    return [
        Check.equal(1, "blocks of a round", length, 6_377),
        Check(1, "round it holds from", since, f"at most {current}", 0 < since <= current),
    ]
