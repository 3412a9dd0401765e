# pragma version 0.4.3
# pragma evm-version cancun
"""
@title RewardsMock
@notice The BondingManager as RewardBatcher meets it, with transcoders that misbehave on purpose. For tests only.
@dev A transcoder does by its last byte: 1 burns all gas, 2 reverts without data, 3 reverts with 4,096 bytes, 4 reverts in
     words, 5 calls the batcher again. Everything else is rewarded.
"""

from ..interfaces import IRewardBatcher


struct Hints:
    prev: address
    next: address


rewarded: public(HashMap[address, uint256])
hints: public(HashMap[address, Hints])
gas_given: public(uint256)


@external
def rewardForTranscoderWithHint(_transcoder: address, _newPosPrev: address, _newPosNext: address):
    self.gas_given = msg.gas
    kind: uint256 = convert(_transcoder, uint256) & 255
    if kind == 1:
        for i: uint256 in range(2**64):
            self.gas_given = i
    elif kind == 2:
        raw_revert(b"")
    elif kind == 3:
        raw_revert(slice(abi_encode(empty(uint256[128])), 0, 4096))
    elif kind == 4:
        raise "not today"
    elif kind == 5:
        calls: DynArray[IRewardBatcher.RewardCall, 100] = [
            IRewardBatcher.RewardCall(
                transcoder=convert(256, address),
                newPosPrev=empty(address),
                newPosNext=empty(address),
            )
        ]
        extcall IRewardBatcher(msg.sender).rewardMany(calls, 200_000)
    self.rewarded[_transcoder] += 1
    self.hints[_transcoder] = Hints(prev=_newPosPrev, next=_newPosNext)
