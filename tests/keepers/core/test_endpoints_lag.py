"""Endpoints that lag, and chains that are reorganised behind them."""

from __future__ import annotations

import pytest

from keepers.core.model import Unavailable
from tests.keepers.core.fake_nodes import endpoints_of, read, reads_of, some_nodes


def test_head__endpoint_30_blocks_behind__never_lowers_it_and_is_not_read_from():
    clock, blocks, nodes = some_nodes(3)
    nodes[0].lag = 30
    endpoints = endpoints_of(nodes, clock)
    heads = []
    for _ in range(50):
        heads.append(endpoints.head().number)
        nodes[0].asked.clear()
        assert int(read(endpoints, heads[-1]), 16) == heads[-1]
        assert not nodes[0].asked
        blocks.mine()
        clock.now += 2
    assert heads == list(range(100, 150))
    status = endpoints.status()[0]
    assert (status.lag, status.why, status.up) == (30, "lags by 30 blocks", False)


def test_head__only_a_lagging_endpoint_is_left__does_not_go_back():
    clock, blocks, nodes = some_nodes(2)
    nodes[1].lag = 30
    endpoints = endpoints_of(nodes, clock)
    assert endpoints.head().number == 100
    nodes[0].mode = "refuse"
    with pytest.raises(Unavailable, match="every endpoint lags"):
        endpoints.head()
    blocks.mine(31)
    assert endpoints.head().number == 101


def test_head__lower_heads_only_for_a_minute__accepts_them():
    clock, _, nodes = some_nodes(2)
    nodes[1].lag = 30
    endpoints = endpoints_of(nodes, clock)
    endpoints.head()
    nodes[0].mode = "refuse"
    until = clock.now + 60
    while clock.now < until:
        with pytest.raises(Unavailable):
            endpoints.head()
        clock.now += 1
    clock.now += 1
    assert endpoints.head().number == 70
    assert read(endpoints, 70) == hex(70)


def test_head__endpoint_catches_up__is_read_from_again():
    clock, blocks, nodes = some_nodes(2)
    nodes[0].lag = 30
    endpoints = endpoints_of(nodes, clock)
    endpoints.head()
    nodes[0].lag = 0
    clock.now += 6
    endpoints.head()
    read(endpoints)
    assert reads_of(nodes) == [1, 0]


def test_head__best_endpoint_is_asked_each_time__others_every_five_seconds():
    clock, _, nodes = some_nodes(3)
    endpoints = endpoints_of(nodes, clock)
    for _ in range(30):
        endpoints.head()
        clock.now += 1 - nodes[0].latency
    asked = [node.asked["eth_getBlockByNumber"] for node in nodes]
    assert asked[0] == 30
    assert 5 <= asked[1] == asked[2] <= 7


@pytest.mark.parametrize("depth", range(1, 11))
def test_head__reorganised_everywhere__follows(depth):
    clock, blocks, nodes = some_nodes(3, height=1)
    nodes[2].lag = 30
    endpoints = endpoints_of(nodes, clock)
    for _ in range(40):
        blocks.mine()
        endpoints.head()
        clock.now += 1
    blocks.reorganise(depth, max(1, depth - 1))
    head = endpoints.head()
    assert (head.number, head.hash) == (blocks.height, blocks.hash(blocks.height))


def test_read__block_that_the_best_one_does_not_have__goes_to_the_next():
    clock, _, nodes = some_nodes(2)
    nodes[0].lag = 2
    endpoints = endpoints_of(nodes, clock)
    assert read(endpoints, 100) == hex(100)
    assert reads_of(nodes) == [1, 1]
    assert not clock.slept


def test_read__block_that_is_about_to_come__waits_for_it():
    clock, blocks, nodes = some_nodes(1)
    endpoints = endpoints_of(nodes, clock, meanwhile=blocks.mine)
    assert read(endpoints, 101) == hex(101)
