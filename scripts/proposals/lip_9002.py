"""LIP-9002, a demonstration of the treasury route: an empty faucet gets 100 LPT."""

from scripts._governance.model import Call, Check, System

LIP = 9002
TITLE = "Refill the faucet from the treasury"


def calls(system: System) -> list[Call]:
    faucet = system.address("LivepeerTokenFaucet")
    return [Call("LivepeerToken", "transfer", (faucet, 100 * 10**18))]


def check_before(system: System) -> list[Check]:
    amount = 100 * 10**18
    treasury = system.read("LivepeerToken", "balanceOf", system.address("Treasury"))
    faucet = system.read("LivepeerToken", "balanceOf", system.address("LivepeerTokenFaucet"))
    return [
        Check.at_least(1, "LPT of the treasury", treasury, amount),
        # Were it full already, nothing could be told from its balance afterwards.
        Check(1, "LPT of the faucet", faucet, f"below {amount}", faucet < amount),
    ]


def check_after(system: System) -> list[Check]:
    faucet = system.read("LivepeerToken", "balanceOf", system.address("LivepeerTokenFaucet"))
    return [Check.at_least(1, "LPT of the faucet", faucet, 100 * 10**18)]
