"""Which endpoint is asked, and when the next one."""

from __future__ import annotations

import pytest

from keepers.core.endpoint import Rules
from keepers.core.endpoints import Endpoints, learn_chain_id
from keepers.core.model import KeeperError, Unavailable
from keepers.core.rpc import NodeError, Rpc
from tests.keepers.core.fake_nodes import (
    CHAIN_ID,
    endpoints_of,
    nonce_at,
    read,
    reads_of,
    some_nodes,
)

# -- chain id


def test_endpoints__another_chain__is_asked_for_nothing_but_its_chain_id():
    clock, _, nodes = some_nodes(2)
    nodes[0].chain_id = 1
    endpoints = endpoints_of(nodes, clock)
    for _ in range(200):
        endpoints.head()
        read(endpoints)
        list(endpoints.each(nonce_at(1), 1.0))
        clock.now += 2
    assert nodes[0].asked == {"eth_chainId": 1}
    assert endpoints.status()[0].chain_ok is False
    assert endpoints.status()[0].why == "is of chain 1"


def test_endpoints__another_chain__is_looked_at_again_after_ten_minutes():
    clock, _, nodes = some_nodes(2)
    nodes[0].chain_id = 1
    endpoints = endpoints_of(nodes, clock)
    endpoints.head()
    nodes[0].chain_id = CHAIN_ID
    clock.now += 599
    endpoints.head()
    assert nodes[0].asked == {"eth_chainId": 1}
    clock.now += 2
    endpoints.head()
    assert endpoints.status()[0].up


def test_endpoints__another_chain_after_an_outage__is_noticed_before_it_is_read_from():
    clock, _, nodes = some_nodes(1)
    endpoints = endpoints_of(nodes, clock)
    read(endpoints)
    nodes[0].mode = "refuse"
    with pytest.raises(Unavailable):
        read(endpoints)
    nodes[0].mode, nodes[0].chain_id = "up", 1
    nodes[0].asked.clear()
    clock.now += 60
    with pytest.raises(Unavailable, match=f"is of chain 1, not {CHAIN_ID}"):
        read(endpoints)
    assert nodes[0].asked == {"eth_chainId": 1}


def test_learn_chain_id__endpoints_agree__is_theirs():
    _, _, nodes = some_nodes(3)
    nodes[1].mode = "refuse"
    rpcs = [Rpc(f"http://node-{place}", post=node.post) for place, node in enumerate(nodes)]
    assert learn_chain_id(rpcs) == CHAIN_ID


def test_learn_chain_id__endpoints_differ__says_which():
    _, _, nodes = some_nodes(2)
    nodes[1].chain_id = 1
    rpcs = [Rpc(f"http://node-{place}", post=node.post) for place, node in enumerate(nodes)]
    with pytest.raises(KeeperError, match="http://node-0 of 42161, http://node-1 of 1"):
        learn_chain_id(rpcs)


def test_learn_chain_id__nobody_answers__says_why():
    _, _, nodes = some_nodes(1)
    nodes[0].mode = 502
    with pytest.raises(Unavailable, match="http://node-0 server error: HTTP 502"):
        learn_chain_id([Rpc("http://node-0", post=nodes[0].post)])


# -- errors


def test_read__state_is_pruned_everywhere__fails_at_once():
    clock, _, nodes = some_nodes(2)

    def pruned(*_: str) -> str:
        raise NodeError(-32000, "missing trie node 1234 (path )")

    for node in nodes:
        node.answers["eth_getTransactionCount"] = pruned
    endpoints = endpoints_of(nodes, clock)
    with pytest.raises(Unavailable, match="http://node-1 missing trie node"):
        read(endpoints)
    assert reads_of(nodes) == [1, 1]
    assert all(status.up for status in endpoints.status())


@pytest.mark.parametrize("mode", ["refuse", "lost", "hang", 500, 502, 403, 200])
def test_read__best_one_fails__is_answered_by_the_next_within_3_s(mode):
    clock, _, nodes = some_nodes(2)
    endpoints = endpoints_of(nodes, clock)
    endpoints.head()
    nodes[0].mode = mode
    started = clock.now
    assert read(endpoints) == hex(1)
    assert clock.now - started <= 3


def test_read__two_of_three_hang__is_answered_within_3_s():
    clock, _, nodes = some_nodes(3)
    endpoints = endpoints_of(nodes, clock)
    endpoints.head()
    nodes[0].mode = nodes[1].mode = "hang"
    started = clock.now
    assert read(endpoints) == hex(1)
    assert clock.now - started <= 3


def test_read__nobody_answers__says_what_each_one_did_and_stays_in_time():
    clock, _, nodes = some_nodes(3)
    nodes[0].mode, nodes[1].mode, nodes[2].chain_id = "refuse", "hang", 1
    endpoints = endpoints_of(nodes, clock)
    started = clock.now
    with pytest.raises(Unavailable) as caught:
        read(endpoints)
    assert str(caught.value) == (
        "no endpoint gives a nonce: http://node-0 cannot be reached; "
        "http://node-1 does not answer in time; http://node-2 is of chain 1, not 42161"
    )
    assert clock.now - started <= Rules().patience


def test_read__short_outage_of_the_only_endpoint__is_sat_out():
    clock, _, nodes = some_nodes(1)
    endpoints = endpoints_of(nodes, clock, meanwhile=lambda: setattr(nodes[0], "mode", "up"))
    endpoints.head()
    nodes[0].mode = 502
    assert read(endpoints) == hex(1)


def test_endpoint__three_errors_in_a_row__is_left_alone_for_longer_each_time(caplog):
    clock, _, nodes = some_nodes(2)
    nodes[1].latency = 0.4  # so that the first is preferred
    endpoints = endpoints_of(nodes, clock)
    endpoints.head()
    nodes[0].mode = "refuse"
    waits, last = [], None
    while len(waits) < 9:
        before = nodes[0].requests
        endpoints.head()
        if nodes[0].requests > before:
            if last is not None:
                waits.append(round(clock.now - last))
            last = clock.now
        clock.now += 0.1
    assert waits[2:] == pytest.approx([1, 2, 4, 8, 16, 30, 30], abs=1)
    left_alone = [text for text in caplog.messages if "left alone" in text]
    assert left_alone == ["rpc http://node-0: left alone after 3 errors: cannot be reached"]
    nodes[0].mode = "up"
    clock.now += 31
    endpoints.head()
    assert endpoints.status()[0].up
    assert caplog.messages[-1] == "rpc http://node-0: answers again"


def test_endpoint__back_off__has_jitter():
    spans = []
    for jitter in (0.0, 1.0):
        clock, _, nodes = some_nodes(1)
        endpoints = endpoints_of(nodes, clock, jitter=jitter)
        nodes[0].mode = "refuse"
        for _ in range(3):
            list(endpoints.each(nonce_at(1), 1.0))
        since = clock.now
        while endpoints.status()[0].why:
            clock.now += 0.01
        spans.append(clock.now - since)
    assert spans == pytest.approx([0.5, 1.0], abs=0.02)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "20"}, 20),
        (
            {
                "Retry-After": "Thu, 26 Nov 2026 12:00:40 GMT",
                "Date": "Thu, 26 Nov 2026 12:00:00 GMT",
            },
            40,
        ),
        ({}, 1),
        ({"Retry-After": "soon"}, 1),
    ],
)
def test_endpoint__429__is_left_alone_as_long_as_it_says(headers, seconds):
    clock, _, nodes = some_nodes(2)
    endpoints = endpoints_of(nodes, clock)
    endpoints.head()
    nodes[0].mode, nodes[0].headers = 429, headers
    assert read(endpoints) == hex(1)
    limited_at, requests = clock.now, nodes[0].requests
    while clock.now < limited_at + seconds - 0.5:
        read(endpoints)
        endpoints.head()
        clock.now += 0.2
    assert nodes[0].requests == requests
    clock.now = limited_at + seconds + 5
    endpoints.head()
    assert nodes[0].requests > requests


def test_read__only_endpoint_asks_to_be_left_alone__is_left_alone():
    clock, _, nodes = some_nodes(1)
    endpoints = endpoints_of(nodes, clock)
    nodes[0].mode, nodes[0].headers = 429, {"Retry-After": "60"}
    for _ in range(5):
        with pytest.raises(Unavailable, match="too many requests"):
            read(endpoints)
    assert nodes[0].requests == 1


def test_read__limit_in_an_error_object__is_a_limit():
    clock, _, nodes = some_nodes(2)

    def limited(*_: str) -> str:
        raise NodeError(-32005, "project ID request rate exceeded")

    nodes[0].answers["eth_getTransactionCount"] = limited
    endpoints = endpoints_of(nodes, clock)
    for _ in range(3):
        assert read(endpoints) == hex(1)
    assert reads_of(nodes) == [1, 3]


def test_read__question_that_no_node_likes__is_held_against_none():
    clock, _, nodes = some_nodes(2)

    def invalid(*_: str) -> str:
        raise NodeError(-32602, "invalid argument 0")

    for node in nodes:
        node.answers["eth_getTransactionCount"] = invalid
    endpoints = endpoints_of(nodes, clock)
    for _ in range(5):
        with pytest.raises(Unavailable, match="invalid argument 0"):
            read(endpoints)
    assert [status.errors for status in endpoints.status()] == [0, 0]


def test_read__question_that_only_one_node_cannot_answer__is_held_against_it():
    clock, _, nodes = some_nodes(2)

    def broken(*_: str) -> str:
        raise NodeError(-32603, "Internal error")

    nodes[0].answers["eth_getTransactionCount"] = broken
    endpoints = endpoints_of(nodes, clock)
    for _ in range(3):
        read(endpoints)
    assert [status.errors for status in endpoints.status()] == [1, 0]
    assert reads_of(nodes) == [1, 3]


@pytest.mark.parametrize("answer", [None, 7, "0x", "latest", "0xg", {}])
def test_head__answer_of_another_shape__counts_as_an_error(answer):
    clock, _, nodes = some_nodes(2)
    nodes[0].answers["eth_getBlockByNumber"] = lambda *_: answer
    endpoints = endpoints_of(nodes, clock)
    assert endpoints.head().number == 100
    assert endpoints.status()[0].errors == 1


def test_each__lagging_and_recent_endpoints__all_are_asked():
    clock, _, nodes = some_nodes(3)
    nodes[1].lag = 30
    nodes[2].mode = "refuse"
    endpoints = endpoints_of(nodes, clock)
    endpoints.head()
    found = {endpoint.name: str(answer) for endpoint, answer in endpoints.each(nonce_at(1), 1.0)}
    assert found == {
        "http://node-0": "0x1",
        "http://node-1": "0x1",
        "http://node-2": "cannot be reached",
    }


def test_each__all_are_left_alone__are_asked_all_the_same():
    clock, _, nodes = some_nodes(2)
    endpoints = endpoints_of(nodes, clock)
    for node in nodes:
        node.mode = "refuse"
    with pytest.raises(Unavailable):
        read(endpoints)
    nodes[1].mode = "up"
    assert "0x1" in [answer for _, answer in endpoints.each(nonce_at(1), 1.0)]


def test_endpoints__two_of_one_provider__have_names_of_their_own():
    rpcs = [Rpc(f"https://node.example/v2/token-{place:08}") for place in range(2)]
    endpoints = Endpoints(rpcs, CHAIN_ID)
    names = [status.name for status in endpoints.status()]
    assert names == ["https://node.example", "https://node.example (2)"]


def test_endpoints__none__is_refused():
    with pytest.raises(KeeperError, match="no RPC endpoint is configured"):
        Endpoints([], CHAIN_ID)
