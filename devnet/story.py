"""What happens on the network, phase by phase."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

from devnet import chain, staking
from devnet.amounts import lpt, megapixels, milliether
from devnet.books import close_books
from devnet.chain_view import JsonRpcChain
from devnet.cheating import Outcome
from devnet.cutting import Segment
from devnet.fields import hexed
from devnet.gateway import Gateway, Sent
from devnet.hls import HlsOutput
from devnet.keeping import Keepers
from devnet.network import Cast, Network
from devnet.options import Options
from devnet.processes import Nodes
from devnet.referendum import Decision, Referendum
from devnet.scenario import CHEATER, Scenario
from devnet.screen import Phase, Screen
from devnet.source import Source
from devnet.summary import Summary, delegator_rows, orchestrator_rows
from devnet.trial import Trial, TrialError
from devnet.winners import WinnerFile
from keepers.payments import Winner

REDEEM_GAS = 350_000


class Story:
    """What happens on the network, phase by phase."""

    def __init__(
        self,
        options: Options,
        screen: Screen,
        scenario: Scenario,
        source: Source,
        network: Network,
        cast: Cast,
        nodes: Nodes,
        trial: Trial,
        keepers: Keepers,
    ) -> None:
        self._options, self._screen, self._scenario = options, screen, scenario
        self._source, self._network, self._cast, self._nodes = source, network, cast, nodes
        self._trial, self._keepers = trial, keepers
        self._rpc = str(network.provider.uri)
        self._controller = str(network.protocol.controller.address)
        self._sent: list[Sent] = []
        self._redeemed: list[chain.Redemption] = []
        self._first_round = 0
        self._decision: Decision | None = None
        self._master = options.output / "hls" / "master.m3u8"

    # -- before the stream

    def hand_out(self) -> None:
        with self._screen.phase("money", "LPT and ETH for everybody") as phase:
            staking.hand_out(self._network, self._cast, self._scenario)
            stakes = self._scenario.stakes
            phase.detail = f"{lpt(sum(stakes))} LPT handed to {len(stakes)} accounts"

    def start_nodes(self) -> None:
        with self._screen.phase("nodes", "starting the orchestrators") as phase:
            settings = [
                {
                    "signer": {
                        "key": hexed(self._trial.signing_key(at)),
                        "chain_id": self._trial.domain.chain_id,
                        "contract": self._trial.domain.verifying_contract,
                    },
                    "cheat": self._cheat_of(at),
                    "key": actor.key,
                    "rpc": self._rpc,
                    "controller": self._controller,
                    "directory": str(self._node_directory(at)),
                    "price_info": plan.price.write(),
                    "ticket_ev": str(self._source.economy.ticket_ev),
                    "redeem_gas": REDEEM_GAS,
                    "gas_price": self._scenario.gas_price,
                }
                for at, (actor, plan) in enumerate(
                    zip(self._cast.orchestrators, self._scenario.orchestrators, strict=True)
                )
            ]
            nodes = self._nodes.start(settings, logs=self._options.output / "nodes")
            phase.detail = ", ".join(node.url for node in nodes)

    def _cheat_of(self, at: int) -> str | None:
        cheat = self._options.cheat
        return cheat.name if cheat is not None and at == CHEATER else None

    def bond(self) -> None:
        cast, network, scenario = self._cast, self._network, self._scenario
        steps = len(cast.orchestrators) + len(cast.delegators) + 2
        with self._screen.phase("bond", "", steps=steps) as phase:
            self._keepers.start(self._options.output / "keepers")
            self._first_round = self._keepers.next_round()
            joining = zip(
                cast.orchestrators, scenario.orchestrators, self._nodes.processes, strict=True
            )
            for at, (actor, plan, node) in enumerate(joining):
                staking.join(
                    network,
                    actor,
                    plan,
                    service_uri=node.url,
                    reward_caller=cast.reward_keeper,
                )
                key = self._trial.signing_key(at)
                staking.register_signer(network, actor, key, self._trial.domain)
                phase.step(f"{actor.name} bonds {lpt(plan.stake)} LPT")
            for delegator, share in zip(cast.delegators, scenario.delegators, strict=True):
                to = cast.orchestrators[share.orchestrator]
                staking.delegate(network, delegator, share, to)
                phase.step(f"{delegator.name} bonds {lpt(share.stake)} LPT to {to.name}")
            economy = self._source.economy
            chain.fund_gateway(
                network, cast.gateway, deposit=economy.deposit, reserve=economy.reserve
            )
            phase.step("gateway funds deposit and reserve")
            number = self._keepers.next_round()
            phase.step(f"round {number}")
            phase.detail = (
                f"{len(cast.orchestrators)} orchestrators, {len(cast.delegators)} delegators; "
                f"gateway deposit {milliether(economy.deposit)} mETH, "
                f"reserve {milliether(economy.reserve)} mETH; round {number}"
            )

    # -- the stream

    def stream(self) -> None:
        """Each part in a round of its own; its winners are redeemed in the round after."""
        chain_view = JsonRpcChain(self._rpc, self._controller)
        gateway = Gateway(
            key=self._cast.gateway.key,
            chain=chain_view,
            limits=self._source.economy.limits,
            seed=self._options.seed,
            accountability=self._trial.accountability(chain_view),
            standings=self._trial.weights,
        )
        output = HlsOutput(
            self._master.parent,
            self._source.profiles,
            self._source.clip.frame_rate,
            audio=self._source.clip.audio_codec is not None,
        )
        segments = self._source.segments
        for part in self._parts():
            self._take_part(gateway, output, part)
            if self._trial.is_over():
                break
        output.finish({segment.seq: segment.seconds for segment in segments})
        if self._options.cheat is not None:
            self._judge(gateway, output)

    def _parts(self) -> Iterator[list[Segment]]:
        """Two halves; or the clip again and again, until the one that cheats is caught."""
        segments = self._source.segments
        if self._options.cheat is None:
            middle = (len(segments) + 1) // 2
            yield from (part for part in (segments[:middle], segments[middle:]) if part)
            return
        for lap in range(self._options.laps):
            yield self._lap(lap)
        raise TrialError(
            f"{self._trial.accused and self._trial.accused.name} was not caught in "
            f"{self._options.laps} laps of the clip; the draws may have missed it, run again"
        )

    def _lap(self, lap: int) -> list[Segment]:
        segments = self._source.segments
        length = sum(segment.seconds for segment in segments)
        return [
            replace(one, seq=one.seq + lap * len(segments), start=one.start + lap * length)
            for one in segments
        ]

    def _take_part(self, gateway: Gateway, output: HlsOutput, part: list[Segment]) -> list[Sent]:
        sent = self._stream_part(gateway, output, part)
        self._keepers.rewarded()
        self._keepers.next_round()
        self._redeem()
        with self._screen.phase("verify", "waiting for the verifier") as phase:
            self._trial.look(phase)
        self._trial.check_innocent()
        return sent

    def _judge(self, gateway: Gateway, output: HlsOutput) -> None:
        """What the cheat costs: stake if it can be proven, else work; and work in any case."""
        provable = self._options.cheat is not None and self._options.cheat.outcome is Outcome.STAKE
        if provable:
            with self._screen.phase("prove", "opening the case") as phase:
                self._trial.prosecute(phase)
        rest = self._lap(self._sent[-1].segment.seq // len(self._source.segments) + 1)
        sent = self._take_part(gateway, output, rest[: (len(rest) + 1) // 2])
        self._trial.note_work_after([str(one.delivery.orchestrator) for one in sent])
        if provable:
            with self._screen.phase("slash", "letting the delay pass") as phase:
                self._trial.execute(phase, self._keepers)

    def _stream_part(self, gateway: Gateway, output: HlsOutput, part: list[Segment]) -> list[Sent]:
        with self._screen.phase("stream", "discovering", steps=len(part)) as phase:
            found = gateway.discover()
            number = self._network.current_round()

            def on_sent(sent: Sent) -> None:
                if sent.segment.seq < len(self._source.segments):  # later ones are laps
                    for profile, data in sent.delivery.renditions.items():
                        output.add(profile, sent.segment.seq, data)
                self._tell(phase, sent)

            sent = gateway.stream(
                part,
                manifest_id=f"devnet{number}",
                frame_rate=self._source.clip.frame_rate,
                profiles=self._source.profiles,
                on_sent=on_sent,
            )
            self._sent += sent
            pixels = sum(one.delivery.pixels for one in sent)
            tickets = sum(one.delivery.tickets for one in sent)
            phase.detail = (
                f"{len(sent)} segments, {megapixels(pixels)} Mpixels, {tickets} tickets, "
                f"{len(found)} orchestrators found on chain; round {number}"
            )
        return sent

    def _tell(self, phase: Phase, sent: Sent) -> None:
        name = self._cast.name_of(sent.delivery.orchestrator)
        for failure in sent.failures:
            phase.say(f"segment {sent.segment.seq}: {failure}")
        phase.say(
            f"segment {sent.segment.seq:>3}  {name}  "
            f"{megapixels(sent.delivery.pixels):>7} Mpixels  {sent.delivery.tickets:>3} tickets"
        )
        phase.step(name)

    def _redeem(self) -> None:
        done = {redemption.winner.sig for redemption in self._redeemed}
        winners = [
            [winner for winner in self._winners(at) if winner.sig not in done]
            for at in range(len(self._cast.orchestrators))
        ]
        total = sum(len(some) for some in winners)
        with self._screen.phase("redeem", "", steps=total) as phase:
            fresh: list[chain.Redemption] = []
            for orchestrator, some in zip(self._cast.orchestrators, winners, strict=True):
                fresh += chain.redeem(
                    self._network,
                    orchestrator,
                    some,
                    keepers=self._keepers,
                    on_redeemed=lambda _: phase.step(),
                )
            self._redeemed += fresh
            value = sum(redemption.winner.ticket.face_value for redemption in fresh)
            batched = sum(redemption.batch for redemption in fresh)
            phase.detail = (
                f"{total} winning tickets of {milliether(value)} mETH, {batched} of them in "
                f"batches; round {self._network.current_round()}"
            )

    def _winners(self, at: int) -> list[Winner]:
        return WinnerFile(self._node_directory(at) / "winners.jsonl").read()

    def _node_directory(self, at: int) -> Path:
        return self._options.output / "nodes" / str(at + 1)

    # -- after the stream

    def decide(self) -> None:
        """The treasury pays what stake decides, before anybody's stake leaves."""
        votes = len(self._cast.orchestrators) + 2
        home = self._options.output / "keepers" / "proposals"
        referendum = Referendum(self._network, self._cast, self._keepers, home)
        with closing(referendum), self._screen.phase("decide", "", steps=votes) as phase:
            self._decision = referendum.hold(phase)

    def settle(self) -> None:
        cast, network, plans = self._cast, self._network, self._scenario.delegators
        people = (*cast.orchestrators, *cast.delegators)
        with self._screen.phase("settle", "", steps=len(people)) as phase:
            self._keepers.next_round()
            # Who claims in a round before its reward is called has no part in that reward.
            self._keepers.rewarded()
            fees = 0
            for actor in people:
                staking.claim(network, actor)
                fees += staking.withdraw_fees(network, actor)
                phase.step(f"{actor.name} claims")
            exits = [
                staking.unbond(network, actor, plan.unbond)
                for actor, plan in zip(cast.delegators, plans, strict=True)
                if plan.unbond
            ]
            phase.detail = (
                f"{len(people)} accounts claim, {milliether(fees)} mETH of fees withdrawn, "
                f"{len(exits)} unbond {lpt(sum(one.amount for one in exits))} LPT"
            )
        self._wait_and_withdraw(exits)

    def _wait_and_withdraw(self, exits: list[staking.Exit]) -> None:
        """The last to unbond stays locked, so that the books have such stake in them too."""
        network = self._network
        leaving = exits[:-1]
        last = max((one.withdraw_round for one in exits), default=0)
        with self._screen.phase("unbond", "waiting for the unbonding period") as phase:
            while network.current_round() < last:
                self._keepers.next_round()
                self._keepers.rewarded()
            for one in leaving:
                staking.withdraw_stake(network, one)
            phase.detail = (
                f"{lpt(sum(one.amount for one in leaving))} LPT withdrawn by {len(leaving)} "
                f"delegators after {self._scenario.unbonding_period} rounds; "
                f"round {network.current_round()}"
            )

    def summary(self, begin: float) -> Summary:
        network, cast, scenario = self._network, self._cast, self._scenario
        with self._screen.phase("books", "reading every account"):
            treasury = network.protocol.treasury_address
            sent = network.transactions + self._keepers.transactions()
            return Summary(
                clip=self._source.clip,
                profiles=self._source.profiles,
                segments=tuple(self._source.segments),
                sent=tuple(self._sent),
                orchestrators=orchestrator_rows(
                    network,
                    cast,
                    scenario,
                    sent=self._sent,
                    tickets=self._tickets(),
                    redemptions=self._redeemed,
                ),
                delegators=delegator_rows(network, cast, scenario),
                redemptions=tuple(self._redeemed),
                transactions=tuple(sorted(sent, key=lambda one: one.block)),
                treasury=int(network.protocol.livepeer_token.balanceOf(treasury)),
                first_round=self._first_round,
                last_round=network.current_round(),
                books=close_books(network),
                decision=self._decision,
                verdict=self._trial.verdict(),
                master=self._master,
                seconds=time.monotonic() - begin,
            )

    def _tickets(self) -> dict[str, tuple[int, int]]:
        """Tickets received and won, by orchestrator, as its node says."""
        counts = {}
        for node in self._nodes.processes:
            with urlopen(f"{node.url}/status", timeout=10) as response:
                status = json.load(response)
            counts[status["address"]] = (status["tickets_received"], status["tickets_won"])
        return counts
