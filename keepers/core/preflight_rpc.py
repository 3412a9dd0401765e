"""Is each endpoint there, of the right chain, at its head, and does it offer what keepers need?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from keepers.core import wire
from keepers.core.config import NetworkConfig
from keepers.core.findings import Finding, error, passing, warning
from keepers.core.heads import LagRule
from keepers.core.model import Head
from keepers.core.networks import PRESETS
from keepers.core.node_answers import Sort, sort_of
from keepers.core.rpc import Ask, EndpointError, Fault, NodeError, Rpc
from keepers.core.wire import Malformed

SECONDS = 1.5  # for each request
SKEW = 30  # seconds that a block may be ahead of our clock, which is what nodes tolerate
STALE = 120  # seconds without a block
NO_TX = "0x" + "00" * 32
HEAD = 1  # place of the newest block in `asks`


def asks(controller: str, *, sending: bool) -> list[Ask]:
    """Every method that keepers use. Empty data is no transaction: it is refused by any node."""
    call = {"to": controller, "data": "0x"}
    newest = {"fromBlock": "latest", "toBlock": "latest", "address": controller}
    return [
        Ask("eth_chainId"),
        Ask("eth_getBlockByNumber", ("latest", False)),
        Ask("eth_getBalance", (controller, "latest")),
        Ask("eth_getCode", (controller, "latest")),
        Ask("eth_getTransactionCount", (controller, "pending")),
        Ask("eth_call", (call, "latest")),
        Ask("eth_estimateGas", (call, "latest")),
        Ask("eth_getTransactionReceipt", (NO_TX,)),
        Ask("eth_getTransactionByHash", (NO_TX,)),
        Ask("eth_getLogs", (newest,)),
        *([Ask("eth_sendRawTransaction", ("0x",))] if sending else []),
    ]


@dataclass(frozen=True)
class Probe:
    """One endpoint. `head` is None if it cannot be used."""

    key: str
    name: str
    url: str
    head: Head | None
    findings: tuple[Finding, ...]


def probe(index: int, url: str, network: NetworkConfig, *, sending: bool) -> Probe:
    """Takes a request of SECONDS, a few if the endpoint takes no arrays of questions."""
    key, rpc = f"network.rpc[{index}]", Rpc(url)
    head: Head | None = None
    findings: list[Finding] = []
    try:
        head, findings = _look(key, rpc, network, sending)
    except EndpointError as trouble:
        refused = trouble.fault is Fault.REFUSED  # a wrong token or path, by what HTTP says
        findings = [(error if refused else passing)(key, f"{rpc.name} {trouble}")]
    except (NodeError, Malformed) as trouble:
        findings = [error(key, f"{rpc.name} is no node of an EVM chain: {trouble}")]
    return Probe(key, rpc.name, url, head, tuple(findings))


def _look(
    key: str, rpc: Rpc, network: NetworkConfig, sending: bool
) -> tuple[Head | None, list[Finding]]:
    questions = asks(network.controller, sending=sending)
    answers = rpc.ask_many(questions, SECONDS)
    chain = answers[0]
    if isinstance(chain, NodeError):
        raise chain
    found = wire.quantity(chain, "a chain id")
    if found != network.chain_id:
        text = f"{rpc.name} is of chain {found}, not {network.chain_id}: "
        return None, [error(key, text + "give another URL, or another network.chain_id")]
    sorts = {
        ask.method: sort_of(answer)
        for ask, answer in zip(questions, answers, strict=True)
        if isinstance(answer, NodeError)
    }
    missing = [method for method, sort in sorts.items() if sort is Sort.UNSUPPORTED]
    if missing:
        text = f"{rpc.name} does not offer {', '.join(missing)}: use another node"
        return None, [error(key, text)]
    if Sort.LIMITED in sorts.values():
        text = (
            f"{rpc.name} answers {Sort.LIMITED}: keepers ask every few seconds, get a larger plan"
        )
        return None, [passing(key, text)]
    newest = answers[HEAD]
    if isinstance(newest, NodeError):
        raise newest
    return wire.seen(newest).head, []


def judge(probes: Sequence[Probe], network: NetworkConfig, now: float) -> Iterator[Finding]:
    """All findings about endpoints, and about this host's clock: `now` is what it says."""
    heads = [one.head for one in probes if one.head]
    for one in probes:
        for finding in one.findings:
            # With another one that works, an endpoint that is down is no error yet.
            if heads and finding.passes:
                finding = warning(finding.key, finding.text)
            yield finding
    if not heads:
        return
    top = max(heads, key=lambda head: head.number)
    for one in probes:
        if one.head and LagRule().lags(one.head, top):
            age = top.timestamp - one.head.timestamp
            blocks = top.number - one.head.number
            yield warning(one.key, f"{one.name} lags by {blocks} blocks, {age} s: is it syncing?")
    if len(heads) == 1:
        yield warning("network.rpc", "one endpoint works: with a second, one may be down")
    yield from _judge_clock(top, network, now)


def _judge_clock(top: Head, network: NetworkConfig, now: float) -> Iterator[Finding]:
    if network.chain_id == PRESETS["local"].chain_id:
        return  # its clock is whatever a test makes it
    ahead = top.timestamp - now
    if ahead > SKEW:
        text = f"this host's clock is {ahead:.0f} s behind the newest block: set it, with NTP"
        yield error("clock", text)
    if -ahead > STALE:
        text = f"the newest block of every endpoint is {-ahead:.0f} s old: they lag, or the chain"
        yield passing("network.rpc", f"{text} stands still, or this host's clock is ahead")


def usable(probes: Sequence[Probe]) -> list[str]:
    """URLs to read the chain from: no others, as those may make it wait."""
    heads = [one.head for one in probes if one.head]
    top = max(heads, key=lambda head: head.number, default=None)
    return [one.url for one in probes if top and one.head and not LagRule().lags(one.head, top)]
