"""Draw docs/system.svg: who calls whom, off chain and on chain.

Boxes carry their own fill and everything else is a middle grey, so that the picture reads on a
light and on a dark page. Same input, same bytes.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

OUTPUT = Path(__file__).parents[1] / "docs" / "system.svg"
WIDTH, HEIGHT = 980, 690
GREY = "#7d8794"
FONT = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"
# fill, edge
PEOPLE = ("#fde7c7", "#d9922b")
MONEY = ("#d5eedd", "#2f9e5b")
STAKE = ("#dbe6fd", "#3f6fd8")
RULES = ("#ece3fb", "#8257d0")
PLAIN = ("#e6e9ee", "#7d8794")

Point = tuple[int, int]


@dataclass(frozen=True)
class Box:
    """A titled rectangle; `behind` draws copies under it for "several of these"."""

    x: int
    y: int
    width: int
    height: int
    title: str
    lines: tuple[str, ...]
    colours: tuple[str, str]
    behind: int = 0

    def draw(self) -> str:
        fill, edge = self.colours
        shape = f'width="{self.width}" height="{self.height}" rx="8" fill="{fill}" stroke="{edge}"'
        rectangles = [
            f'<rect x="{self.x + 6 * n}" y="{self.y - 6 * n}" {shape} stroke-width="1.5"/>'
            for n in range(self.behind, -1, -1)
        ]
        middle = self.x + self.width // 2
        top = self.y + self.height // 2 + 5 - 8 * len(self.lines)
        title = text((middle, top), self.title, size=15, weight=600, fill="#1d2430")
        body = [
            text((middle, top + 18 + 16 * n), line, size=12, fill="#3c4655")
            for n, line in enumerate(self.lines)
        ]
        return "\n".join([*rectangles, title, *body])


@dataclass(frozen=True)
class Arrow:
    """A bent line with a head at its end and words beside it; dashed is a read, not a payment."""

    points: tuple[Point, ...]
    words: str
    at: Point
    anchor: str = "middle"
    dashed: bool = False

    def draw(self) -> str:
        path = " L ".join(f"{x} {y}" for x, y in self.points)
        dash = ' stroke-dasharray="5 4"' if self.dashed else ""
        return (
            f'<path d="M {path}" fill="none" stroke="{GREY}" stroke-width="1.6"{dash} '
            f'marker-end="url(#head)"/>\n'
            + text(self.at, self.words, size=12, anchor=self.anchor, style="italic")
        )


def text(
    at: Point,
    words: str,
    *,
    size: int,
    weight: int = 400,
    fill: str = GREY,
    anchor: str = "middle",
    style: str = "normal",
) -> str:
    x, y = at
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" fill="{fill}" '
        f'text-anchor="{anchor}" font-style="{style}">{escape(words)}</text>'
    )


def zone(y: int, height: int, *words: tuple[Point, str]) -> str:
    frame = (
        f'<rect x="10" y="{y}" width="{WIDTH - 20}" height="{height}" rx="14" fill="{GREY}" '
        f'fill-opacity="0.07" stroke="{GREY}" stroke-opacity="0.5" stroke-dasharray="2 4"/>'
    )
    return "\n".join(
        [frame, *(text(at, line, size=12, weight=600, anchor="start") for at, line in words)]
    )


BOXES = (
    Box(
        110,
        62,
        180,
        78,
        "Gateway",
        ("cuts video, picks nodes,", "pays with signed tickets"),
        PEOPLE,
    ),
    Box(
        452, 62, 216, 78, "Orchestrators", ("transcode, check tickets,", "sign results"), PEOPLE, 2
    ),
    Box(706, 62, 112, 78, "Delegators", ("stake on", "orchestrators"), PEOPLE, 2),
    Box(842, 62, 112, 78, "Keepers", ("turn rounds", "on time"), PEOPLE),
    Box(34, 300, 150, 84, "ServiceRegistry", ("address of", "each node"), PLAIN),
    Box(224, 300, 176, 84, "TicketBroker", ("deposits, reserves,", "winning tickets"), MONEY),
    Box(
        476,
        300,
        224,
        84,
        "BondingManager",
        ("stake, pool of orchestrators,", "rewards, fees, slashing"),
        STAKE,
    ),
    Box(796, 300, 158, 84, "RoundsManager", ("rounds and", "their lock period"), RULES),
    Box(224, 452, 176, 76, "BondingVotes", ("stake of every", "past round"), STAKE),
    Box(476, 452, 224, 76, "Minter", ("inflation; holds the", "LPT and ETH"), MONEY),
    Box(796, 452, 158, 76, "Treasury", ("cut of the rewards",), RULES),
    Box(34, 596, 366, 62, "Controller", ("every contract by name; pause; owner",), PLAIN),
    Box(476, 596, 224, 62, "LivepeerToken", ("LPT",), MONEY),
    Box(34, 452, 150, 76, "Polls", ("PollCreator, Poll:", "opinions, no effect"), RULES),
)
ARROWS = (
    Arrow(((24, 101), (108, 101)), "video", (62, 92)),
    Arrow(((292, 86), (450, 86)), "segments + tickets", (371, 78)),
    Arrow(((450, 118), (292, 118)), "renditions + signature", (371, 134)),
    Arrow(((124, 298), (124, 142)), "finds nodes", (116, 214), "end", dashed=True),
    Arrow(((262, 142), (262, 298)), "deposit, reserve", (254, 214), "end"),
    Arrow(((490, 142), (490, 222), (350, 222), (350, 298)), "winning tickets", (420, 214)),
    Arrow(((570, 142), (570, 298)), "bond, call reward", (578, 214), "start"),
    Arrow(((762, 142), (762, 238), (650, 238), (650, 298)), "bond LPT", (706, 254)),
    Arrow(((898, 142), (898, 298)), "start round", (890, 214), "end"),
    Arrow(((402, 342), (474, 342)), "fees", (437, 334)),
    Arrow(((794, 342), (702, 342)), "new round", (748, 334)),
    Arrow(((500, 386), (500, 418), (312, 418), (312, 450)), "checkpoints", (404, 411)),
    Arrow(((588, 386), (588, 450)), "mint, pay out", (598, 411), "start"),
    Arrow(((850, 386), (850, 418), (680, 418), (680, 450)), "inflation", (764, 411)),
    Arrow(((702, 490), (794, 490)), "LPT", (748, 482)),
    Arrow(((588, 530), (588, 594)), "mint, burn", (598, 567), "start"),
)


def draw() -> str:
    head = (
        '<marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" '
        f'orient="auto"><path d="M 0 0 L 10 5 L 0 10 z" fill="{GREY}"/></marker>'
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="{FONT}" role="img" aria-label="The Livepeer protocol">',
        f"<defs>{head}</defs>",
        zone(
            10, 164, ((28, 32), "OFF CHAIN: whoever takes part knows one address, the Controller's")
        ),
        zone(
            270,
            410,
            ((762, 620), "ON CHAIN: five contracts are"),
            ((762, 638), "upgradeable, each behind"),
            ((762, 656), "a ManagerProxy"),
        ),
        *(arrow.draw() for arrow in ARROWS),
        *(box.draw() for box in BOXES),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def main() -> int:
    OUTPUT.write_text(draw())
    return 0


if __name__ == "__main__":
    sys.exit(main())
