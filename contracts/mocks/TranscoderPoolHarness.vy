# pragma version 0.4.3
# pragma evm-version cancun
"""
@title TranscoderPoolHarness
@notice Calls the internals of `transcoder_pool`, for tests only.
"""

from ..bonding.modules import transcoder_pool

initializes: transcoder_pool

exports: (
    transcoder_pool.getTranscoderPoolMaxSize,
    transcoder_pool.getTranscoderPoolSize,
    transcoder_pool.getFirstTranscoderInPool,
    transcoder_pool.getNextTranscoderInPool,
)


@external
def set_max_size(_new_size: uint256):
    transcoder_pool._set_max_size(_new_size)


@external
def insert(_id: address, _key: uint256, _prev_hint: address, _next_hint: address):
    transcoder_pool._insert(_id, _key, _prev_hint, _next_hint)


@external
def remove(_id: address):
    transcoder_pool._remove(_id)


@external
def update_key(_id: address, _key: uint256, _prev_hint: address, _next_hint: address):
    transcoder_pool._update_key(_id, _key, _prev_hint, _next_hint)


@external
@view
def contains(_id: address) -> bool:
    return transcoder_pool._contains(_id)


@external
@view
def is_full() -> bool:
    return transcoder_pool._is_full()


@external
@view
def key_of(_id: address) -> uint256:
    return transcoder_pool._key_of(_id)


@external
@view
def last() -> address:
    return transcoder_pool._tail


@external
@view
def previous_of(_id: address) -> address:
    return transcoder_pool._prev[_id]
