"""build/devnet/report.html: one file that shows a run, without anything loaded from elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape
from pathlib import Path

from devnet.amounts import exact, fixed, gwei, lpt, megapixels, milliether
from devnet.books import Books, Post
from devnet.charts import Bar, Block, bars, shares, timeline
from devnet.markup import Cell, Row, folded, numbers, page, section, table
from devnet.pictures import data_uri, join, thumbnail
from devnet.summary import Summary
from devnet.verdict_report import verification
from scripts._governance.charts import tally_chart

CSS = Path(__file__).with_name("report.css")
PICTURES = 4
# The report carries its own video up to this size in bytes.
MAX_VIDEO = 3_000_000
COLORS = 8


def write_report(summary: Summary, path: Path) -> Path:
    """Write the report; returns where it is."""
    books = summary.books
    rows = summary.orchestrators
    parts = [
        "<h1>Livepeer devnet</h1>",
        f'<p class="lead">{escape(_lead(summary))}</p>',
        numbers(
            [
                (str(len(summary.sent)), "segments transcoded"),
                (str(summary.verdict.count.verified), "verified in full"),
                (megapixels(sum(row.pixels for row in rows)), "million pixels counted"),
                (str(sum(row.tickets for row in rows)), "tickets received"),
                (str(len(summary.redemptions)), "winners redeemed"),
                (milliether(sum(row.fees for row in rows)), "mETH of fees"),
                (lpt(sum(row.rewards for row in rows)), "LPT of rewards"),
                (str(summary.last_round - summary.first_round + 1), "rounds"),
            ]
        ),
        _line(summary.verdict.line(), good=summary.verdict.good),
        _line(books.line(), good=books.balance),
        _video(summary),
        _work(summary),
        verification(summary.verdict, {row.address: row.name for row in rows}),
        _orchestrators(summary),
        _delegators(summary),
        _decision(summary),
        _books(books),
        _tickets(summary),
        _gas(summary),
        _transactions(summary),
        f"<footer>{escape(_footer(summary))}</footer>",
    ]
    path.write_text(page("Livepeer devnet", CSS.read_text(), "".join(parts)))
    return path


def _line(text: str, *, good: bool) -> str:
    return f'<div class="verdict {"good" if good else "bad"}">{escape(text)}</div>'


def _lead(summary: Summary) -> str:
    clip = summary.clip
    seconds = sum(segment.seconds for segment in summary.segments)
    return (
        f"{clip.path.name}: {seconds:.2f} s of {clip.width} x {clip.height} at "
        f"{float(clip.frame_rate):.4g} frames a second, transcoded by "
        f"{len(summary.orchestrators)} orchestrators that were found, chosen and paid through "
        f"the contracts, in {summary.seconds:.0f} s."
    )


def _footer(summary: Summary) -> str:
    return f"Playable output: {summary.master}. Amounts are cut off, not rounded; books are exact."


# -- video


def _video(summary: Summary) -> str:
    folder = summary.master.parent
    segments = sorted(summary.segments, key=lambda segment: segment.seq)
    step = max(1, len(segments) // PICTURES)
    chosen = segments[step // 2 :: step][:PICTURES]
    cells = []
    lines = [("source", f"{summary.clip.width} x {summary.clip.height}")] + [
        (profile.name, f"{profile.width} x {profile.height}") for profile in summary.profiles
    ]
    for name, size in lines:
        cells.append(f"<div><b>{escape(name)}</b><br>{escape(size)}</div>")
        for segment in chosen:
            file = segment.path if name == "source" else folder / name / f"{segment.seq}.ts"
            image = thumbnail(file.read_bytes())
            cells.append(f'<img src="{image}" alt="{escape(name)}, segment {segment.seq}">')
    grid = f"grid-template-columns: 90px repeat({len(chosen)}, 1fr)"
    strip = f'<div class="strip" style="{grid}">{"".join(cells)}</div>'
    return section(
        "Video",
        "The renditions as the gateway downloaded and joined them, and the same frames of the "
        "source and of each rendition.",
        f'<div class="film">{_player(summary)}{strip}</div>',
    )


def _player(summary: Summary) -> str:
    """The largest rendition that fits, or the beginning of the smallest."""
    folder = summary.master.parent
    names = [f"{segment.seq}.ts" for segment in summary.segments]
    for profile in summary.profiles:
        files = [(folder / profile.name / name).read_bytes() for name in names]
        if sum(map(len, files)) <= MAX_VIDEO:
            break
    part: list[bytes] = []
    for data in files:
        if part and sum(map(len, part)) + len(data) > MAX_VIDEO:
            break
        part.append(data)
    video, poster = data_uri("video/mp4", join(part)), thumbnail(part[0], width=720)
    return f'<video controls muted loop playsinline poster="{poster}" src="{video}"></video>'


# -- work


def _work(summary: Summary) -> str:
    rows = summary.orchestrators
    names = [row.name for row in rows]
    number = {row.address: at for at, row in enumerate(rows)}
    blocks = [
        Block(
            number[str(one.delivery.orchestrator)] % COLORS,
            one.segment.start,
            one.segment.seconds,
            f"segment {one.segment.seq}: {megapixels(one.delivery.pixels)} Mpixels, "
            f"{one.delivery.tickets} tickets",
        )
        for one in summary.sent
    ]
    stacked: list[tuple[str, Sequence[int]]] = [
        ("stake", [row.stake for row in rows]),
        ("pixels", [row.pixels for row in rows]),
        ("fees", [row.fees for row in rows]),
        ("rewards", [row.rewards for row in rows]),
    ]
    return section(
        "Who did the work",
        "Each segment goes to an orchestrator drawn by stake, by price and by chance. Fees are "
        "what its winning tickets paid: over few tickets luck shows, over many it does not.",
        timeline(names, blocks),
        shares(names, stacked),
    )


def _orchestrators(summary: Summary) -> str:
    head = (
        "orchestrator", "stake LPT", "reward cut", "fee share", "price gwei/px", "segments",
        "Mpixels", "tickets", "won", "redeemed", "fees mETH", "rewards LPT",
    )  # fmt: skip
    rows: list[Row] = [
        (
            Cell(row.name, dot=at % COLORS),
            lpt(row.stake),
            f"{fixed(row.reward_cut, 10_000, 1)} %",
            f"{fixed(row.fee_share, 10_000, 1)} %",
            f"{float(row.price) / 1e9:.3f}",
            str(row.segments),
            megapixels(row.pixels),
            str(row.tickets),
            str(row.won),
            str(row.redeemed),
            milliether(row.fees),
            lpt(row.rewards),
        )
        for at, row in enumerate(summary.orchestrators)
    ]
    all_ = summary.orchestrators
    total: Row = (
        "all",
        lpt(sum(row.stake for row in all_)),
        "",
        "",
        "",
        str(sum(row.segments for row in all_)),
        megapixels(sum(row.pixels for row in all_)),
        str(sum(row.tickets for row in all_)),
        str(sum(row.won for row in all_)),
        str(sum(row.redeemed for row in all_)),
        milliether(sum(row.fees for row in all_)),
        lpt(sum(row.rewards for row in all_)),
    )
    return section(
        "Orchestrators",
        f"Stake counts what delegators bonded to them. The treasury received "
        f"{lpt(summary.treasury)} LPT besides.",
        table(head, rows, total=total),
    )


def _delegators(summary: Summary) -> str:
    head = ("delegator", "bonded to", "bonded LPT", "unbonded LPT", "stake LPT", "fees mETH")
    number = {row.name: at for at, row in enumerate(summary.orchestrators)}
    rows: list[Row] = [
        (
            row.name,
            Cell(row.orchestrator, "text", number[row.orchestrator] % COLORS),
            lpt(row.bonded),
            lpt(row.unbonded),
            lpt(row.stake),
            milliether(row.fees),
        )
        for row in summary.delegators
    ]
    return section(
        "Delegators",
        "Stake is what each could take out at the end, rewards included; fees were withdrawn.",
        table(head, rows),
    )


# -- money


def _books(books: Books) -> str:
    checks: list[Row] = [
        (
            check.claim,
            Cell(exact(check.left), "mono"),
            Cell(exact(check.right), "mono"),
            Cell(f"{check.left - check.right} wei", "mono"),
            Cell("yes" if check.holds else "no", "yes" if check.holds else "no"),
        )
        for check in books.checks
    ]
    sheets = (
        '<div class="two">'
        + _sheet("LPT", books.lpt, "supply", books.lpt_supply)
        + _sheet("ETH", books.eth, "at genesis", books.eth_genesis)
        + "</div>"
    )
    return sheets + section(
        "Checks",
        "Left and right are read from different places on chain. Where shares are divided they may "
        "differ by less than a wei for each division, never to anybody's gain.",
        table(("claim", "left", "right", "difference", "holds"), checks),
    )


def _decision(summary: Summary) -> str:
    decision = summary.decision
    if decision is None:
        return ""
    return section(
        "Treasury",
        f"{decision.line()}. It took {decision.rounds} rounds; a delegator's own vote is taken out "
        f"of its orchestrator's. Executed by transaction {decision.execution}.",
        tally_chart(decision.tally),
    )


def _sheet(unit: str, posts: Sequence[Post], total: str, amount: int) -> str:
    rows: list[Row] = [(post.name, Cell(exact(post.amount), "mono")) for post in posts]
    return section(
        f"Where all {unit} is",
        "Every wei, at the end of the run.",
        table(("", unit), rows, total=(total, Cell(exact(amount), "mono"))),
    )


def _tickets(summary: Summary) -> str:
    names = {row.address: row.name for row in summary.orchestrators}
    rows: list[Row] = [
        (
            names[str(one.winner.ticket.recipient)],
            milliether(one.winner.ticket.face_value),
            f"{100 * one.winner.ticket.win_prob / 2**256:.1f} %",
            str(one.winner.ticket.sender_nonce),
            Cell("batch" if one.batch else "alone", "text"),
            Cell(one.tx, "mono text"),
        )
        for one in summary.redemptions
    ]
    head = ("recipient", "face value mETH", "chance", "nonce", "redeemed", "transaction")
    return folded(f"Winning tickets ({len(rows)})", table(head, rows))


def _gas(summary: Summary) -> str:
    used: Counter[str] = Counter()
    calls: Counter[str] = Counter()
    for transaction in summary.transactions:
        kind = _kind(transaction.action)
        used[kind] += transaction.gas_used
        calls[kind] += 1
    items = [
        Bar(kind, used[kind] / calls[kind], f"{used[kind] // calls[kind]:,} gas, {calls[kind]} x")
        for kind in sorted(used, key=lambda kind: -used[kind] / calls[kind])
    ]
    return section("Gas", "Mean gas of a transaction, by what it does.", bars(items))


def _kind(action: str) -> str:
    """An action without the numbers and names in it."""
    words = [word for word in action.split() if not word.isdigit()]
    text = " ".join(words)
    for end in (" in round", " to orchestrator", " to delegator", " to gateway"):
        text = text.split(end)[0]
    return text


def _transactions(summary: Summary) -> str:
    rows: list[Row] = [
        (
            str(transaction.block),
            str(transaction.round),
            Cell(transaction.sender, "text"),
            Cell(transaction.action, "text"),
            f"{transaction.gas_used:,}",
            gwei(transaction.fee),
            Cell(transaction.hash, "mono text"),
        )
        for transaction in summary.transactions
    ]
    head = ("block", "round", "sender", "action", "gas", "fee gwei", "hash")
    return folded(f"Transactions after deployment ({len(rows)})", table(head, rows))
