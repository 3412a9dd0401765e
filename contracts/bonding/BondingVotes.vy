# pragma version 0.4.3
# pragma evm-version cancun
"""
@title BondingVotes
@license MIT
@notice Voting power by round, written by BondingManager as stakes change.
@dev The ABI in words: ../interfaces/IBondingVotes.vyi. A checkpoint packs into two words:
         bonded_amount 96 | delegate 160          delegated_amount 96 | last claim round 64 | last reward round 64
     Invariants: the rounds of an account and those of the total strictly increase; at the start of any round the
     votes of a registered transcoder are its transcoderTotalStake, those of its delegators their pendingStake.
     Source: bonding spec, section 14.
@custom:pause None: checkpoints must follow BondingManager.
"""

from ..interfaces import IBondingManager
from ..interfaces import IBondingVotes
from ..interfaces import IRoundsManager

implements: IBondingVotes

from ..modules import contract_ids
from ..modules import managed

initializes: managed

from ..modules import percentages
from ..modules import proxied

initializes: proxied

from .modules import round_history

initializes: round_history

exports: (managed.setController, managed.controller, proxied.targetContractId)

_TOTAL_KEY: constant(bytes32) = keccak256("total active stake")
_WORD64: constant(uint256) = 2**64 - 1
_WORD160: constant(uint256) = 2**160 - 1


# Bonding state of an account from a round on, unpacked.
struct Checkpoint:
    bonded_amount: uint256
    delegate: address
    delegated_amount: uint256
    last_claim_round: uint256
    last_reward_round: uint256


struct PackedCheckpoint:
    bond: uint256
    rest: uint256


_checkpoints: HashMap[address, HashMap[uint256, PackedCheckpoint]]
_totals: HashMap[uint256, uint256]


# Declared for the ABI, which lists it for every managed contract; nothing here has a parameter.
event ParameterUpdate:
    param: String[32]


@deploy
def __init__(_controller: address):
    """
    @param _controller Registry of the other contracts; not checked, not called.
    """
    managed.__init__(_controller)


# ------------------------------------------------------------------------------------------------
# BondingManager
# ------------------------------------------------------------------------------------------------


@external
def checkpointBondingState(
    _account: address,
    _startRound: uint256,
    _bondedAmount: uint256,
    _delegateAddress: address,
    _delegatedAmount: uint256,
    _lastClaimRound: uint256,
    _lastRewardRound: uint256,
):
    self._check_bonding_manager()
    next_round: uint256 = self._clock() + 1
    if _startRound != next_round:
        raw_revert(
            abi_encode(
                _startRound, next_round, method_id=method_id("InvalidStartRound(uint256,uint256)")
            )
        )
    if _lastClaimRound >= _startRound:
        raw_revert(
            abi_encode(
                _lastClaimRound,
                _startRound - 1,
                method_id=method_id("FutureLastClaimRound(uint256,uint256)"),
            )
        )

    key: bytes32 = self._key(_account)
    # Rounds are only ever appended, so the state before is that of the last one.
    previous: Checkpoint = self._checkpoint(_account, round_history._last(key))
    current: Checkpoint = Checkpoint(
        bonded_amount=_bondedAmount,
        delegate=_delegateAddress,
        delegated_amount=_delegatedAmount,
        last_claim_round=_lastClaimRound,
        last_reward_round=_lastRewardRound,
    )
    self._save_checkpoint(_account, _startRound, current)
    round_history._push(key, _startRound)
    self._log_changes(_account, previous, current)


@external
def checkpointTotalActiveStake(_totalStake: uint256, _round: uint256):
    self._check_bonding_manager()
    current_round: uint256 = self._clock()
    if _round != current_round:
        raw_revert(
            abi_encode(
                _round,
                current_round,
                method_id=method_id("InvalidTotalStakeCheckpointRound(uint256,uint256)"),
            )
        )

    self._totals[_round] = _totalStake
    round_history._push(_TOTAL_KEY, _round)


# ------------------------------------------------------------------------------------------------
# Anyone: always reverts, kept for IVotes
# ------------------------------------------------------------------------------------------------


@external
@pure
def delegate(_to: address):
    self._must_call_bonding_manager("bond")


@external
@pure
def delegateBySig(
    _to: address, _nonce: uint256, _expiry: uint256, _v: uint8, _r: bytes32, _s: bytes32
):
    self._must_call_bonding_manager("bondFor")


# ------------------------------------------------------------------------------------------------
# Views
# ------------------------------------------------------------------------------------------------


@external
@pure
def name() -> String[32]:
    return "Livepeer Voting Power"


@external
@pure
def symbol() -> String[32]:
    return "vLPT"


@external
@pure
def decimals() -> uint8:
    return 18


@external
@pure
def CLOCK_MODE() -> String[32]:
    return "mode=livepeer_round"


@external
@view
def clock() -> uint48:
    return convert(self._clock(), uint48)


@external
@view
def getVotes(_account: address) -> uint256:
    current_round: uint256 = self._clock()
    return self._votes_and_delegate(_account, current_round + 1, current_round).votes


@external
@view
def getPastVotes(_account: address, _round: uint256) -> uint256:
    current_round: uint256 = self._check_past(_round)
    return self._votes_and_delegate(_account, _round + 1, current_round).votes


@external
@view
def delegates(_account: address) -> address:
    current_round: uint256 = self._clock()
    return self._votes_and_delegate(_account, current_round + 1, current_round).delegateAddress


@external
@view
def delegatedAt(_account: address, _round: uint256) -> address:
    current_round: uint256 = self._check_past(_round)
    return self._votes_and_delegate(_account, _round + 1, current_round).delegateAddress


@external
@view
def totalSupply() -> uint256:
    current_round: uint256 = self._clock()
    return self._total_active_stake(current_round + 1, current_round)


@external
@view
def getPastTotalSupply(_round: uint256) -> uint256:
    current_round: uint256 = self._check_past(_round)
    return self._total_active_stake(_round + 1, current_round)


@external
@view
def hasCheckpoint(_account: address) -> bool:
    return round_history._count(self._key(_account)) > 0


@external
@view
def getVotesAndDelegateAtRoundStart(
    _account: address, _round: uint256
) -> IBondingVotes.VotesAndDelegate:
    return self._votes_and_delegate(_account, _round, self._clock())


@external
@view
def getTotalActiveStakeAt(_round: uint256) -> uint256:
    return self._total_active_stake(_round, self._clock())


# ------------------------------------------------------------------------------------------------
# Internal: writing
# ------------------------------------------------------------------------------------------------


@internal
@view
def _check_bonding_manager():
    required: address = self._bonding_manager()
    if msg.sender != required:
        raw_revert(
            abi_encode(msg.sender, required, method_id=method_id("InvalidCaller(address,address)"))
        )


@internal
def _save_checkpoint(_account: address, _round: uint256, _c: Checkpoint):
    # BondingManager keeps stakes below 2**96 and rounds below 2**32.
    assert (_c.bonded_amount | _c.delegated_amount) >> 96 == 0  # dev: stake is too large
    assert (_c.last_claim_round | _c.last_reward_round) >> 64 == 0  # dev: round is too large
    self._checkpoints[_account][_round].bond = (
        (_c.bonded_amount << 160) | convert(_c.delegate, uint256)
    )
    self._checkpoints[_account][_round].rest = (
        (_c.delegated_amount << 128) | (_c.last_claim_round << 64) | _c.last_reward_round
    )


@internal
def _log_changes(_account: address, _previous: Checkpoint, _current: Checkpoint):
    if _previous.delegate != _current.delegate:
        log IBondingVotes.DelegateChanged(
            delegator=_account, fromDelegate=_previous.delegate, toDelegate=_current.delegate
        )

    previous_votes: uint256 = self._transcoder_votes(_account, _previous)
    current_votes: uint256 = self._transcoder_votes(_account, _current)
    if previous_votes != current_votes:
        log IBondingVotes.DelegateVotesChanged(
            delegate=_account, previousBalance=previous_votes, newBalance=current_votes
        )

    if (
        _previous.bonded_amount != _current.bonded_amount
        or _previous.last_claim_round != _current.last_claim_round
    ):
        log IBondingVotes.DelegatorBondedAmountChanged(
            delegate=_account,
            previousBondedAmount=_previous.bonded_amount,
            previousLastClaimRound=_previous.last_claim_round,
            newBondedAmount=_current.bonded_amount,
            newLastClaimRound=_current.last_claim_round,
        )


@internal
@pure
def _must_call_bonding_manager(_function: String[8]):
    raw_revert(abi_encode(_function, method_id=method_id("MustCallBondingManager(string)")))


# ------------------------------------------------------------------------------------------------
# Internal: reading
# ------------------------------------------------------------------------------------------------


@internal
@view
def _bonding_manager() -> address:
    return managed._contract(contract_ids.BONDING_MANAGER)


@internal
@view
def _clock() -> uint256:
    round: uint256 = staticcall IRoundsManager(
        managed._contract(contract_ids.ROUNDS_MANAGER)
    ).currentRound()
    assert round >> 48 == 0, "SafeCast: value doesn't fit in 48 bits"
    return round


@internal
@view
def _check_past(_round: uint256) -> uint256:
    """
    @dev Only rounds that are over can be looked back at. Returns the current round.
    """
    current_round: uint256 = self._clock()
    if _round >= current_round:
        self._future_lookup(_round, 0 if current_round == 0 else current_round - 1)
    return current_round


@internal
@pure
def _future_lookup(_round: uint256, _max_allowed: uint256):
    raw_revert(
        abi_encode(_round, _max_allowed, method_id=method_id("FutureLookup(uint256,uint256)"))
    )


@internal
@pure
def _key(_account: address) -> bytes32:
    """
    @dev Key of an account in `round_history`.
    """
    return convert(convert(_account, uint256), bytes32)


@internal
@view
def _checkpoint(_account: address, _round: uint256) -> Checkpoint:
    """
    @dev Checkpoint written for just this round; zeros if there is none.
    """
    packed: PackedCheckpoint = self._checkpoints[_account][_round]
    return Checkpoint(
        bonded_amount=packed.bond >> 160,
        delegate=convert(convert(packed.bond & _WORD160, uint160), address),
        delegated_amount=packed.rest >> 128,
        last_claim_round=(packed.rest >> 64) & _WORD64,
        last_reward_round=packed.rest & _WORD64,
    )


@internal
@view
def _lookup(_account: address, _round: uint256) -> Checkpoint:
    """
    @dev Bonding state at the start of a round: the last checkpoint written for it or before; zeros if none.
    """
    exact: Checkpoint = self._checkpoint(_account, _round)
    if exact.bonded_amount > 0:
        return exact

    key: bytes32 = self._key(_account)
    count: uint256 = round_history._count_up_to(key, _round)
    if count == 0:
        return empty(Checkpoint)
    return self._checkpoint(_account, round_history._at(key, count - 1))


@internal
@pure
def _transcoder_votes(_account: address, _c: Checkpoint) -> uint256:
    """
    @dev Votes of a registered transcoder, 0 for anybody else.
    """
    if _c.delegate != _account or _c.bonded_amount == 0:
        return 0
    return _c.delegated_amount


@internal
@view
def _votes_and_delegate(
    _account: address, _round: uint256, _current_round: uint256
) -> IBondingVotes.VotesAndDelegate:
    if _round > _current_round + 1:
        self._future_lookup(_round, _current_round + 1)

    c: Checkpoint = self._lookup(_account, _round)
    votes: uint256 = 0
    if c.bonded_amount > 0:
        if c.delegate == _account:
            votes = c.delegated_amount
        else:
            votes = self._delegator_votes(c, _round)
    return IBondingVotes.VotesAndDelegate(votes=votes, delegateAddress=c.delegate)


@internal
@view
def _delegator_votes(_c: Checkpoint, _round: uint256) -> uint256:
    """
    @dev Stake of a delegator with the rewards of its delegate up to the start of `_round`. Fees never enter
         (the factors of fees may not be initialised).
    """
    bonding_manager: IBondingManager = IBondingManager(self._bonding_manager())
    transcoder: Checkpoint = self._lookup(_c.delegate, _round)
    end: uint256 = percentages.PRECISE_PERC
    if transcoder.last_reward_round > 0:
        end = (
            staticcall bonding_manager.getTranscoderEarningsPoolForRound(
                _c.delegate, transcoder.last_reward_round
            )
        ).cumulativeRewardFactor
        if end == 0:
            raw_revert(
                abi_encode(
                    _c.delegate,
                    transcoder.last_reward_round,
                    method_id=method_id("MissingEarningsPool(address,uint256)"),
                )
            )
    if transcoder.delegate != _c.delegate or transcoder.bonded_amount == 0:
        return 0  # the delegate was no registered transcoder
    if transcoder.last_reward_round < _c.last_claim_round:
        return _c.bonded_amount

    start: uint256 = (
        staticcall bonding_manager.getTranscoderEarningsPoolForRound(
            _c.delegate, _c.last_claim_round
        )
    ).cumulativeRewardFactor
    if start == 0:
        start = percentages.PRECISE_PERC
    return percentages._of_fraction(_c.bonded_amount, end, start, percentages.PRECISE_PERC)


@internal
@view
def _total_active_stake(_round: uint256, _current_round: uint256) -> uint256:
    if _round > _current_round + 1:
        self._future_lookup(_round, _current_round + 1)

    exact: uint256 = self._totals[_round]
    if exact > 0 or _round == 0:
        return exact
    before: uint256 = round_history._count_up_to(_TOTAL_KEY, _round - 1)
    if before == 0:
        return 0  # no history yet, or the round is not after its start
    if before < round_history._count(_TOTAL_KEY):
        return self._totals[round_history._at(_TOTAL_KEY, before)]
    return staticcall IBondingManager(self._bonding_manager()).nextRoundTotalActiveStake()
