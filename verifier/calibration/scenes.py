"""Synthetic scenes. Each gives a function from the frame number to the picture's planes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from verifier.calibration.canvas import Canvas, grain, texture, write
from verifier.calibration.pictures import Plane

Shot = Callable[[int], tuple[Plane, Plane, Plane]]
Scene = Callable[[int, int, np.random.Generator], Shot]
MAX_FRAMES = 160


def _even(value: float) -> int:
    return int(value) // 2 * 2


def meadow(width: int, height: int, rng: np.random.Generator) -> Shot:
    """A slow pan over land with trees: all of the picture moves, much fine detail."""
    speed = width // 320
    wide = _even(width + speed * MAX_FRAMES + 2)
    land = Canvas.flat(wide, height, 110, 112, 120)
    land.y[...] += 38 * texture(rng, height, wide, 128, 2)
    land.u[...] += 14 * texture(rng, height // 2, wide // 2, 64, 8)
    land.v[...] += 14 * texture(rng, height // 2, wide // 2, 64, 8)
    land.y[: height // 3] = np.linspace(200, 165, height // 3)[:, None]
    land.u[: height // 6], land.v[: height // 6] = 150, 108
    for x in rng.integers(0, wide, size=40):
        tall = int(rng.integers(height // 8, height // 3))
        land.box(_even(x), _even(height // 2 - tall // 2), height // 45, tall, (50, 118, 134))
    return lambda t: land.window(_even(t * speed), 0, width, height).planes()


def traffic(width: int, height: int, rng: np.random.Generator) -> Shot:
    """A camera that stands still and coloured vehicles that pass at different speeds."""
    street = Canvas.flat(width, height, 95, 126, 130)
    street.y[...] += 18 * texture(rng, height, width, 64, 2)
    for i in range(12):
        left, top = _even(i * width / 12), _even(rng.integers(0, height // 4))
        colour = (int(rng.integers(60, 200)), int(rng.integers(105, 150)), 128)
        street.box(left, top, _even(width / 14), height // 2 - top, colour)
        write(
            street,
            rng,
            left + 4,
            top + 8,
            letters=3,
            dot=max(1, height // 240),
            colour=(30, 128, 128),
        )
    cars = [
        (
            int(rng.integers(0, width)),
            _even(height * (0.52 + 0.055 * i)),
            int(rng.integers(3, 13)) * (1 if i % 2 else -1),
            (int(rng.integers(60, 220)), int(rng.integers(70, 180)), int(rng.integers(70, 190))),
        )
        for i in range(8)
    ]

    def shot(t: int) -> tuple[Plane, Plane, Plane]:
        now = street.copy()
        for start, top, speed, colour in cars:
            left = _even((start + speed * t) % (width + 120)) - 120
            now.box(left, top, 110, height // 18, colour)
            now.box(left + 20, top - height // 36, 60, height // 36, (30, 128, 128))
        return now.planes()

    return shot


def dashboard(width: int, height: int, rng: np.random.Generator) -> Shot:
    """Panels full of small text; only a line chart and one number change."""
    board = Canvas.flat(width, height, 34, 134, 126)
    dot = max(1, height // 240)
    for row in range(4):
        for column in range(4):
            x, y = _even(width * (0.02 + 0.245 * column)), _even(height * (0.03 + 0.24 * row))
            colour = (
                int(rng.integers(50, 90)),
                int(rng.integers(118, 146)),
                int(rng.integers(116, 140)),
            )
            board.box(x, y, _even(width * 0.225), _even(height * 0.21), colour)
            for line in range(4):
                write(
                    board,
                    rng,
                    x + 8,
                    y + 8 + line * 10 * dot,
                    letters=int(rng.integers(4, 11)),
                    dot=dot,
                    colour=(200, 128, 128),
                )
    samples = rng.integers(0, height // 8, size=MAX_FRAMES + 40)
    digits = [int(seed) for seed in rng.integers(0, 2**31, size=MAX_FRAMES // 10 + 1)]

    def shot(t: int) -> tuple[Plane, Plane, Plane]:
        now = board.copy()
        for i in range(20):
            tall = _even(samples[t // 6 + i])
            now.box(
                _even(width * 0.52) + 10 * i, _even(height * 0.45) - tall, 6, tall, (180, 90, 160)
            )
        write(
            now,
            np.random.default_rng(digits[t // 10]),
            _even(width * 0.8),
            _even(height * 0.82),
            letters=4,
            dot=2 * dot,
            colour=(225, 128, 128),
        )
        return now.planes()

    return shot


def night(width: int, height: int, rng: np.random.Generator) -> Shot:
    """Nearly black, grainy, a few lights wander: the hardest case for hashes of pictures."""
    dark = Canvas.flat(width, height, 22, 130, 126)
    # Some light falls in from below and from the right.
    dark.y[...] += np.linspace(0, 22, height)[:, None] + np.linspace(0, 20, width)[None, :]
    dark.y[...] += 4 * texture(rng, height, width, 64, 2)
    dark.u[...] += 4 * texture(rng, height // 2, width // 2, 64, 16)
    seeds = rng.integers(0, 2**31, size=MAX_FRAMES)
    lights = [
        (int(x), int(rng.integers(0, height - 20)), int(rng.integers(-4, 5)))
        for x in rng.integers(0, width - 20, size=9)
    ]

    def shot(t: int) -> tuple[Plane, Plane, Plane]:
        now = dark.copy()
        for x, y, speed in lights:
            now.box(_even((x + speed * t) % (width - 20)), _even(y), 10, 8, (190, 100, 150))
        grain(now, np.random.default_rng(int(seeds[t])), 2)
        return now.planes()

    return shot


def sport(width: int, height: int, rng: np.random.Generator) -> Shot:
    """A fast pan over a striped field with running players."""
    speed = width // 128
    wide = _even(width + speed * MAX_FRAMES + 2)
    field = Canvas.flat(wide, height, 105, 104, 112)
    field.y[...] += (
        9 * texture(rng, height, wide, 16, 2) + 14 * (np.arange(wide) // 90 % 2)[None, :]
    )
    crowd = height // 4
    field.y[:crowd] = 110 + 55 * texture(rng, crowd, wide, 8, 4)
    field.u[: crowd // 2] = 128 + 22 * texture(rng, crowd // 2, wide // 2, 8, 4)
    field.v[: crowd // 2] = 128 + 22 * texture(rng, crowd // 2, wide // 2, 8, 4)
    for x in range(0, wide, 640):
        field.box(x, crowd, 6, height - crowd, (220, 126, 126))
    players = [
        (int(x), int(y), int(s))
        for x, y, s in zip(
            rng.integers(0, wide, size=36),
            rng.integers(crowd, height * 5 // 6, size=36),
            rng.integers(-5, 6, size=36),
            strict=True,
        )
    ]

    def shot(t: int) -> tuple[Plane, Plane, Plane]:
        now = field.window(_even(t * speed), 0, width, height)
        for i, (x, y, run) in enumerate(players):
            left = _even(x + run * t - t * speed)
            shirt = (200, 128, 128) if i % 2 else (80, 96, 190)
            now.box(left, _even(y), height // 40, height // 18, shirt)
            now.box(left, _even(y + height // 18), height // 40, height // 24, (45, 134, 124))
        return now.planes()

    return shot


def portrait(width: int, height: int, rng: np.random.Generator) -> Shot:
    """A face in front of a wall, held in a shaking hand, with camera noise."""
    margin = 32
    room = Canvas.flat(width + 2 * margin, height + 2 * margin, 140, 122, 134)
    room.y[...] += 16 * texture(rng, height + 2 * margin, width + 2 * margin, 256, 2)
    room.box(0, 0, width // 3, height // 3, (60, 140, 118))
    write(room, rng, 60, 80, letters=5, dot=5, colour=(210, 128, 128))
    rows, columns = np.mgrid[0 : room.y.shape[0], 0 : room.y.shape[1]]
    face = ((rows - height * 0.45) / (height * 0.22)) ** 2 + (
        (columns - width * 0.52) / (width * 0.27)
    ) ** 2 < 1
    room.y[face] = 165 + (room.y[face] - 140) * 0.8
    half = face[::2, ::2]
    room.u[half], room.v[half] = 108, 156
    for x in (0.42, 0.62):
        room.box(_even(width * x), _even(height * 0.4), width // 18, height // 50, (40, 128, 128))
    steps = np.cumsum(rng.integers(-3, 4, size=(MAX_FRAMES, 2)), axis=0)
    path = np.abs((steps + margin) % (2 * margin) - margin)
    seeds = rng.integers(0, 2**31, size=MAX_FRAMES)

    def shot(t: int) -> tuple[Plane, Plane, Plane]:
        now = room.window(_even(path[t, 0]), _even(path[t, 1]), width, height)
        mouth = height // 60 + height // 60 * (t // 5 % 3)
        now.box(_even(width * 0.47), _even(height * 0.55), width // 7, mouth, (70, 118, 160))
        grain(now, np.random.default_rng(int(seeds[t])), 2)
        return now.planes()

    return shot


def game(width: int, height: int, rng: np.random.Generator) -> Shot:
    """A scrolling world of tiles under a fixed overlay of numbers and a map."""
    speed, tile = 4, height // 15
    high = _even(height + speed * MAX_FRAMES + 2)
    world = Canvas.flat(width, high, 90, 124, 126)
    for y in range(0, high, tile):
        for x in range(0, width, tile):
            kind = int(rng.integers(0, 5))
            colour = (
                (70, 140, 118),
                (120, 110, 120),
                (150, 118, 140),
                (95, 104, 116),
                (180, 120, 134),
            )
            world.box(_even(x), _even(y), tile, tile, colour[kind])
    world.y[...] += 14 * texture(rng, high, width, 32, 2)
    overlay = [int(seed) for seed in rng.integers(0, 2**31, size=3)]

    def shot(t: int) -> tuple[Plane, Plane, Plane]:
        now = world.window(0, _even(high - height - speed * t), width, height)
        for i in range(6):
            x = _even(width * (0.5 + 0.35 * np.sin(0.11 * t + i)))
            now.box(
                x, _even(height * (0.2 + 0.11 * i)), tile, tile, (200, 90 + 12 * i, 170 - 12 * i)
            )
        now.box(16, 16, width // 6, height // 6, (35, 128, 128))
        now.box(width - width // 5, height - height // 9, width // 6, height // 14, (35, 128, 128))
        for i, seed in enumerate(overlay):
            write(
                now,
                np.random.default_rng(seed),
                24,
                24 + i * height // 20,
                letters=5,
                dot=max(1, height // 360),
                colour=(220, 128, 128),
            )
        return now.planes()

    return shot


def slide(width: int, height: int, rng: np.random.Generator) -> Shot:
    """A title that does not move at all."""
    page = Canvas.flat(width, height, 190, 122, 128)
    page.y[...] += np.linspace(20, -20, height)[:, None]
    page.box(0, height * 3 // 4, width, height // 4, (60, 160, 110))
    page.box(width // 12, height // 6, width // 4, height // 2, (90, 110, 170))
    for i in range(6):
        write(
            page,
            rng,
            _even(width * 0.4),
            _even(height * (0.15 + 0.09 * i)),
            letters=int(rng.integers(8, 14)),
            dot=max(2, height // 180),
            colour=(35, 128, 128),
        )
    still = page.planes()
    return lambda _t: still


def bars(width: int, height: int, rng: np.random.Generator) -> Shot:
    """Colour bars over a sweeping ramp and a counter."""
    colours = (
        (180, 128, 128),
        (162, 44, 142),
        (131, 156, 44),
        (112, 72, 58),
        (84, 184, 198),
        (65, 100, 212),
        (35, 212, 114),
    )
    chart = Canvas.flat(width, height, 40)
    for i, colour in enumerate(colours):
        chart.box(_even(i * width / 7), 0, _even(width / 7) + 2, height * 2 // 3, colour)
    seeds = rng.integers(0, 2**31, size=MAX_FRAMES)

    def shot(t: int) -> tuple[Plane, Plane, Plane]:
        now = chart.copy()
        ramp = (np.arange(width) * 200 // width + 6 * t) % 200 + 20
        now.y[height * 2 // 3 : height * 5 // 6] = ramp[None, :]
        write(
            now,
            np.random.default_rng(int(seeds[t // 5])),
            width // 8,
            _even(height * 0.87),
            letters=7,
            dot=max(2, height // 120),
            colour=(210, 128, 128),
        )
        return now.planes()

    return shot


def muted(width: int, height: int, rng: np.random.Generator) -> Shot:
    """A grey, grainy landscape with hardly any colour, drifting in both directions."""
    wide, high = _even(width + 2 * MAX_FRAMES + 4), _even(height + MAX_FRAMES + 4)
    fog = Canvas.flat(wide, high, 120)
    fog.y[...] += 45 * texture(rng, high, wide, 128, 2, fade=0.5)
    fog.u[...] += 5 * texture(rng, high // 2, wide // 2, 64, 16) + 3
    fog.v[...] += 5 * texture(rng, high // 2, wide // 2, 64, 16)
    seeds = rng.integers(0, 2**31, size=MAX_FRAMES)

    def shot(t: int) -> tuple[Plane, Plane, Plane]:
        now = fog.window(2 * t, _even(t), width, height)
        grain(now, np.random.default_rng(int(seeds[t])), 2)
        return now.planes()

    return shot
