# pragma version 0.4.3
"""
@title transcoder_pool
@notice The transcoders of the next round's active set: a doubly linked list, largest stake first.
@dev Owns head, tail, size, maximum size and the nodes. A node's stake and successor share one word, so a search
     reads one storage slot a node.
     Invariants: keys descend from head to tail; size <= max size; next and prev mirror each other; a node exists
     iff its key is > 0. Hint rules and the order of equal keys: bonding spec, section 7.
"""

from ...modules import errors

# Upper bound of a search. A pool is limited by its maximum size (100 on mainnet) and by block gas long before.
_MAX_STEPS: constant(uint256) = 2**64
_WORD160: constant(uint256) = 2**160 - 1

_head: address
_tail: address
_max_size: uint256
_size: uint256
_links: HashMap[address, uint256]  # key << 160 | next (towards smaller keys)
_prev: HashMap[address, address]  # towards larger keys


@external
@view
def getTranscoderPoolMaxSize() -> uint256:
    return self._max_size


@external
@view
def getTranscoderPoolSize() -> uint256:
    return self._size


@external
@view
def getFirstTranscoderInPool() -> address:
    return self._head


@external
@view
def getNextTranscoderInPool(_transcoder: address) -> address:
    return self._next_of(_transcoder)


@internal
def _set_max_size(_new_size: uint256):
    errors._check(_new_size > self._max_size, "new max size must be greater than old max size")
    self._max_size = _new_size


@internal
@view
def _contains(_id: address) -> bool:
    return self._key_of(_id) > 0


@internal
@view
def _is_full() -> bool:
    return self._size == self._max_size


@internal
@view
def _key_of(_id: address) -> uint256:
    return self._links[_id] >> 160


@internal
@view
def _next_of(_id: address) -> address:
    return convert(convert(self._links[_id] & _WORD160, uint160), address)


@internal
def _set_next(_id: address, _next: address):
    self._links[_id] = (self._key_of(_id) << 160) | convert(_next, uint256)


@internal
def _insert(_id: address, _key: uint256, _prev_hint: address, _next_hint: address):
    """
    @dev Add a node. Wrong or missing hints cost a search, never a wrong place.
    """
    errors._check(self._size != self._max_size, "list is full")
    errors._check(not self._contains(_id), "node already in list")
    errors._check(_id != empty(address), "node id is null")
    errors._check(_key > 0, "key is zero")

    # Newcomers are small, so a search without usable hints starts at the tail.
    self._link(_id, _key, _prev_hint, _next_hint, self._tail, empty(address))
    self._size += 1


@internal
def _remove(_id: address):
    errors._check(self._contains(_id), "node not in list")

    self._unlink(_id, self._prev[_id], self._next_of(_id))
    self._prev[_id] = empty(address)
    self._size -= 1


@internal
def _update_key(_id: address, _key: uint256, _prev_hint: address, _next_hint: address):
    """
    @dev Give a node, which must be in the list, a new key; 0 removes it. Same result as removing and inserting it,
         hints being judged against the list without it.
    """
    if _key == 0:
        self._remove(_id)
        return

    prev: address = self._prev[_id]
    next: address = self._next_of(_id)
    if self._stays(_key, prev, next, _prev_hint, _next_hint):
        self._links[_id] = (_key << 160) | convert(next, uint256)
        return

    self._unlink(_id, prev, next)
    self._link(_id, _key, _prev_hint, _next_hint, prev, next)


@internal
@view
def _stays(
    _key: uint256, _prev: address, _next: address, _prev_hint: address, _next_hint: address
) -> bool:
    """
    @dev Whether a node between `_prev` and `_next` stays there under its new key: the hints name just these
         neighbours and are right, or there are no hints and it passes neither (an equal key ahead is passed).
    """
    if _key < self._key_of(_next):
        return False
    if _prev_hint == _prev and _next_hint == _next:
        return _prev == empty(address) or _key <= self._key_of(_prev)
    if _prev_hint == empty(address) and _next_hint == empty(address):
        return _prev == empty(address) or _key < self._key_of(_prev)
    return False


@internal
def _link(
    _id: address,
    _key: uint256,
    _prev_hint: address,
    _next_hint: address,
    _start_prev: address,
    _start_next: address,
):
    prev: address = empty(address)
    next: address = empty(address)
    prev, next = self._find(_key, _prev_hint, _next_hint, _start_prev, _start_next)

    self._links[_id] = (_key << 160) | convert(next, uint256)
    self._prev[_id] = prev
    if prev == empty(address):
        self._head = _id
    else:
        self._set_next(prev, _id)
    if next == empty(address):
        self._tail = _id
    else:
        self._prev[next] = _id


@internal
def _unlink(_id: address, _prev: address, _next: address):
    if _prev == empty(address):
        self._head = _next
    else:
        self._set_next(_prev, _next)
    if _next == empty(address):
        self._tail = _prev
    else:
        self._prev[_next] = _prev
    self._links[_id] = 0


@internal
@view
def _is_valid(_key: uint256, _prev: address, _next: address) -> bool:
    """
    @dev Whether a new node of this key may stand between these two; null stands for the end of the list.
    """
    if _key < self._key_of(_next):
        return False
    if _prev == empty(address):
        return self._head == _next
    if _next == empty(address) and self._tail != _prev:
        return False
    return self._next_of(_prev) == _next and _key <= self._key_of(_prev)


@internal
@view
def _find(
    _key: uint256,
    _prev_hint: address,
    _next_hint: address,
    _start_prev: address,
    _start_next: address,
) -> (address, address):
    """
    @dev Neighbours of a new node of this key: the hints if they are right, else what a search from a usable hint
         finds, else what a search from the adjacent nodes `_start_prev` and `_start_next` finds.
    """
    if self._is_valid(_key, _prev_hint, _next_hint):
        return _prev_hint, _next_hint
    if _key <= self._key_of(_prev_hint):  # false for a hint that is not in the list
        return self._descend(_key, _prev_hint)
    if self._contains(_next_hint) and _key >= self._key_of(_next_hint):
        return self._ascend(_key, _next_hint)
    return self._search(_key, _start_prev, _start_next)


@internal
@view
def _search(_key: uint256, _start_prev: address, _start_next: address) -> (address, address):
    """
    @dev The place without hints: before the first node whose key is not larger, walking from adjacent nodes.
    """
    prev: address = _start_prev
    next: address = _start_next
    for _: uint256 in range(_MAX_STEPS):
        if prev == empty(address) or self._key_of(prev) > _key:
            break
        next = prev
        prev = self._prev[prev]
    return self._walk_down(_key, prev, next)


@internal
@view
def _descend(_key: uint256, _start: address) -> (address, address):
    """
    @dev First valid place below `_start`, whose key is not smaller; an equal key at the head is passed.
    """
    if _start == self._head and _key == self._key_of(_start):
        return empty(address), _start

    return self._walk_down(_key, _start, self._next_of(_start))


@internal
@view
def _walk_down(_key: uint256, _start_prev: address, _start_next: address) -> (address, address):
    """
    @dev From two adjacent nodes down to the first node whose key is not larger.
    """
    prev: address = _start_prev
    next: address = _start_next
    for _: uint256 in range(_MAX_STEPS):
        word: uint256 = self._links[next]
        if word >> 160 <= _key:
            break
        prev = next
        next = convert(convert(word & _WORD160, uint160), address)
    return prev, next


@internal
@view
def _ascend(_key: uint256, _start: address) -> (address, address):
    """
    @dev First valid place above `_start`, whose key is not larger; an equal key at the tail is passed.
    """
    if _start == self._tail and _key == self._key_of(_start):
        return _start, empty(address)

    next: address = _start
    prev: address = self._prev[next]
    for _: uint256 in range(_MAX_STEPS):
        if prev == empty(address) or _key <= self._key_of(prev):
            break
        next = prev
        prev = self._prev[next]
    return prev, next
