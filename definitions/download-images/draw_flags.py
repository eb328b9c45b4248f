#!/usr/bin/env python3
"""Draws the flags: flags/{code}/{code}.gif beside this file, 30 by 20 pixels, with nothing but Python itself.

Simplified on purpose: stripes, crosses, discs and stars that a person recognises, without coats of arms.
The same table gives the same bytes. Run it again after a change to the table.
"""

import math
from pathlib import Path

WIDTH, HEIGHT = 30, 20

COLOURS = {
    "r": 0xD01C2A,  # red
    "m": 0x8A1538,  # maroon
    "o": 0xF58220,  # orange
    "y": 0xFCD116,  # yellow
    "g": 0x00853F,  # green
    "t": 0x00A3A1,  # teal
    "s": 0x6CACE4,  # sky blue
    "b": 0x0050A4,  # blue
    "n": 0x002868,  # navy
    "k": 0x000000,  # black
    "w": 0xFFFFFF,  # white
    "d": 0x8B5A2B,  # brown
    "a": 0x9A9A9A,  # grey
}

# A layer says for a point which colour it has there, or None where it leaves what lies below.


def horizontal(stripes):
    """Stripes from the top; a letter repeated makes its stripe wider."""
    return lambda x, y: stripes[int(y * len(stripes) / HEIGHT)]


def vertical(stripes):
    """Stripes from the hoist; a letter repeated makes its stripe wider."""
    return lambda x, y: stripes[int(x * len(stripes) / WIDTH)]


def rect(colour, left, top, right, bottom):
    return lambda x, y: colour if left <= x < right and top <= y < bottom else None


def disc(colour, cx=15, cy=10, radius=6):
    return lambda x, y: colour if math.hypot(x - cx, y - cy) <= radius else None


def ring(colour, cx, cy, radius, width):
    return lambda x, y: colour if radius - width <= math.hypot(x - cx, y - cy) <= radius else None


def crescent(colour, cx=14, cy=10, radius=5, bite=2):
    """A disc without the disc that lies `bite` to the right of it."""

    def at(x, y):
        outside = math.hypot(x - cx - bite, y - cy) > radius * 0.8
        return colour if math.hypot(x - cx, y - cy) <= radius and outside else None

    return at


def polygon(colour, *points):
    def at(x, y):
        inside = False
        for (x1, y1), (x2, y2) in zip(points, points[1:] + points[:1]):
            if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
                inside = not inside
        return colour if inside else None

    return at


def star(colour, cx=15, cy=10, radius=5, points=5, depth=0.42):
    corners = []
    for corner in range(2 * points):
        angle = math.pi * corner / points
        reach = radius * (depth if corner % 2 else 1)
        corners.append((cx + reach * math.sin(angle), cy - reach * math.cos(angle)))
    return polygon(colour, *corners)


def hoist(colour, reach=12):
    """A triangle on the hoist."""
    return polygon(colour, (0, 0), (reach, HEIGHT / 2), (0, HEIGHT))


def cross(colour, width=4, cx=15, cy=10):
    """A cross to the edges; off the centre it is a Nordic one."""
    return lambda x, y: colour if abs(x - cx) < width / 2 or abs(y - cy) < width / 2 else None


def plus(colour, arm=6, width=4, cx=15, cy=10):
    """A cross that does not reach the edges."""

    def at(x, y):
        across, down = abs(x - cx), abs(y - cy)
        return colour if min(across, down) < width / 2 and max(across, down) < arm else None

    return at


def band(colour, start, end, width):
    """A straight band from one point to another and beyond."""
    (x1, y1), (x2, y2) = start, end
    length = math.hypot(x2 - x1, y2 - y1)
    return lambda x, y: colour if abs((x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)) / length < width / 2 else None


def diagonals(colour, width, right=WIDTH, bottom=HEIGHT):
    """Both diagonals of the rectangle from the upper left corner to (right, bottom)."""
    down = band(colour, (0, 0), (right, bottom), width)
    up = band(colour, (0, bottom), (right, 0), width)
    return lambda x, y: (down(x, y) or up(x, y)) if x < right and y < bottom else None


def serrated(left, right, reach, teeth):
    """Two colours that meet in a saw-tooth line."""

    def at(x, y):
        tooth = y * teeth / HEIGHT % 1
        return left if x < reach + 4 * (1 - abs(2 * tooth - 1)) else right

    return at


def union_jack(right=WIDTH, bottom=HEIGHT):
    scale = bottom / HEIGHT
    cx, cy = right / 2, bottom / 2
    layers = [
        rect("n", 0, 0, right, bottom),
        diagonals("w", 5 * scale, right, bottom),
        diagonals("r", 1.8 * scale, right, bottom),
        cross("w", 7 * scale, cx, cy),
        cross("r", 4 * scale, cx, cy),
    ]
    return [lambda x, y, layer=layer: layer(x, y) if x < right and y < bottom else None for layer in layers]


def quarters(upper_left, upper_right, lower_left, lower_right):
    return lambda x, y: ((upper_left, upper_right), (lower_left, lower_right))[y >= 10][x >= 15]


H, V = horizontal, vertical

FLAGS = {
    "ad": [V("byr"), disc("d", radius=3)],
    "ae": [H("gwk"), rect("r", 0, 0, 8, 20)],
    "af": [V("krg"), ring("w", 15, 10, 4.2, 1.4)],
    "ag": [H("r"), polygon("k", (0, 0), (30, 0), (15, 20)), polygon("b", (5, 7), (25, 7), (15, 20)),
           polygon("w", (9, 12), (21, 12), (15, 20)), star("y", 15, 7, 5, 9), rect("b", 8, 8, 22, 12)],
    "al": [H("r"), star("k", 15, 9, 8, 6, 0.3), disc("k", 15, 10, 3.2)],
    "am": [H("rbo")],
    "ao": [H("rk"), crescent("y", 14, 10, 5, 2), star("y", 17, 9, 2.6)],
    "ar": [H("sws"), disc("y", radius=2.6)],
    "at": [H("rwr")],
    "au": [H("n"), *union_jack(15, 10), star("w", 7.5, 15, 3, 7), star("w", 22, 4, 2), star("w", 26, 9, 2),
           star("w", 19, 10, 2), star("w", 22, 16, 2)],
    "bb": [V("byb"), rect("k", 14.5, 5, 15.5, 15), rect("k", 12, 9, 18, 10), rect("k", 12, 6, 13, 10),
           rect("k", 17, 6, 18, 10)],
    "bd": [H("g"), disc("r", 13.5, 10, 6)],
    "be": [V("kyr")],
    "bf": [H("rg"), star("y", radius=5)],
    "bg": [H("wgr")],
    "bh": [serrated("w", "r", 8, 5)],
    "bj": [H("yr"), rect("g", 0, 0, 12, 20)],
    "bo": [H("ryg")],
    "bs": [H("tyt"), hoist("k", 13)],
    "bw": [H("sssswkkwssss")],
    "ca": [V("rwwr"), star("r", 15, 9, 5.5, 7, 0.5), rect("r", 14.5, 12, 15.5, 16)],
    "cd": [H("s"), band("y", (0, 20), (30, 0), 8), band("r", (0, 20), (30, 0), 5), star("y", 5, 5, 4)],
    "cg": [lambda x, y: "g" if x / 1.5 + y < 16 else "y" if x / 1.5 + y < 24 else "r"],
    "ch": [H("r"), plus("w", 6.5, 4)],
    "ci": [V("owg")],
    "cl": [H("wr"), rect("b", 0, 0, 10, 10), star("w", 5, 5, 3.6)],
    "cm": [V("gry"), star("y", 15, 10, 3.6)],
    "cn": [H("r"), star("y", 6, 6, 4.2), star("y", 12, 2.5, 1.6), star("y", 14, 5, 1.6), star("y", 14, 8.5, 1.6),
           star("y", 12, 11, 1.6)],
    "co": [H("yybr")],
    "cr": [H("bwrrwb")],
    "cu": [H("bwbwb"), hoist("r", 13), star("w", 4.5, 10, 3.4)],
    "cz": [H("wr"), hoist("b", 15)],
    "de": [H("kry")],
    "dk": [H("r"), cross("w", 4, 11)],
    "dz": [V("gw"), crescent("r", 15, 10, 5, 2), star("r", 17, 10, 2.4)],
    "ee": [H("bkw")],
    "eg": [H("rwk"), star("y", 15, 10, 3, 4, 0.6)],
    "et": [H("gyr"), disc("b", radius=5), star("y", radius=4.2)],
    "fi": [H("w"), cross("b", 5, 11)],
    "fr": [V("bwr")],
    "ga": [H("gyb")],
    "gb": union_jack(),
    "ge": [H("w"), cross("r", 4), *(plus("r", 2.5, 1.6, cx, cy) for cx in (6, 24) for cy in (4, 16))],
    "gh": [H("ryg"), star("k", 15, 10, 3.8)],
    "gm": [H("rrrrwbbwgggg")],
    "gn": [V("ryg")],
    "gr": [H("bwbwbwbwb"), rect("b", 0, 0, 11, 11), plus("w", 6, 2.2, 5.5, 5.5)],
    "gt": [V("sws"), disc("g", radius=2.6)],
    "gw": [H("yg"), rect("r", 0, 0, 10, 20), star("k", 5, 10, 3.6)],
    "gy": [H("g"), polygon("w", (0, 0), (30, 10), (0, 20)), polygon("y", (0, 1), (27.5, 10), (0, 19)),
           polygon("k", (0, 0), (15, 10), (0, 20)), polygon("r", (0, 1.6), (12.5, 10), (0, 18.4))],
    "hu": [H("rwg")],
    "id": [H("rw")],
    "ie": [V("gwo")],
    "il": [H("wwbwwwwbww"), star("b", 15, 10, 4, 6, 0.58), star("w", 15, 10, 2, 6, 0.58)],
    "in": [H("owg"), ring("n", 15, 10, 3.2, 1.2)],
    "is": [H("b"), cross("w", 6, 11), cross("r", 3, 11)],
    "it": [V("gwr")],
    "jm": [H("g"), polygon("k", (0, 0), (15, 10), (0, 20)), polygon("k", (30, 0), (15, 10), (30, 20)),
           diagonals("y", 4)],
    "jo": [H("kwg"), hoist("r", 15), star("w", 5, 10, 2, 7)],
    "jp": [H("w"), disc("r")],
    "ke": [H("kkkkkwrrrrrwggggg"), disc("r", 15, 10, 4), rect("w", 14.5, 5, 15.5, 15)],
    "kw": [H("gwr"), polygon("k", (0, 0), (8, 6.67), (8, 13.33), (0, 20))],
    "la": [H("rbbr"), disc("w", radius=4)],
    "lr": [H("rwrwrwrwrwr"), rect("n", 0, 0, 9, 9), star("w", 4.5, 4.5, 3.4)],
    "lt": [H("ygr")],
    "lu": [H("rws")],
    "lv": [H("mmwmm")],
    "ma": [H("r"), star("g", radius=6), star("r", radius=3.2)],
    "mc": [H("rw")],
    "mg": [H("rg"), rect("w", 0, 0, 10, 20)],
    "ml": [V("gyr")],
    "mm": [H("ygr"), star("w", 15, 10.5, 6.5)],
    "mt": [V("wr"), plus("a", 2.6, 1.4, 4, 4)],
    "mu": [H("rbyg")],
    "mv": [H("r"), rect("g", 6, 5, 24, 15), crescent("w", 15.5, 10, 4, -1.8)],
    "mx": [V("gwr"), disc("d", radius=2.8)],
    "ne": [H("owg"), disc("o", radius=2.8)],
    "ng": [V("gwg")],
    "nl": [H("rwb")],
    "no": [H("r"), cross("w", 6, 11), cross("n", 3, 11)],
    "np": [H("w"), polygon("b", (1, 0), (22, 11), (10, 11), (22, 20), (1, 20)),
           polygon("r", (2, 2), (17, 10), (7, 10), (19, 19), (2, 19)), disc("w", 6, 7, 1.6), star("w", 6, 15, 2.4, 8)],
    "pa": [quarters("w", "r", "b", "w"), star("b", 7.5, 5, 3.2), star("r", 22.5, 15, 3.2)],
    "pe": [V("rwr")],
    "pl": [H("wr")],
    "pw": [H("s"), disc("y", 13.5, 10, 5.6)],
    "qa": [serrated("w", "m", 7, 9)],
    "ro": [V("nyr")],
    "ru": [H("wbr")],
    "se": [H("b"), cross("y", 4, 11)],
    "sg": [H("rw"), crescent("w", 6, 5, 3.6, 1.8), star("w", 10, 5, 2)],
    "sn": [V("gyr"), star("g", 15, 10, 3.4)],
    "so": [H("s"), star("w", radius=5.5)],
    "th": [H("rwnnwr")],
    "tr": [H("r"), crescent("w", 11, 10, 5.4, 1.8), star("w", 18, 10, 2.8)],
    "tt": [H("r"), band("w", (3, 0), (27, 20), 9), band("k", (3, 0), (27, 20), 6)],
    "ua": [H("by")],
    "us": [H("rwrwrwrwrwrwr"), rect("n", 0, 0, 13, 10.8),
           *(rect("w", x, y, x + 1, y + 1) for y in (1, 5, 9) for x in (1, 4, 7, 10)),
           *(rect("w", x, y, x + 1, y + 1) for y in (3, 7) for x in (2.5, 5.5, 8.5))],
    "vn": [H("r"), star("y", radius=6)],
    "ye": [H("rwk")],
    "za": [H("rb"), polygon("w", (-2, 0), (4, 0), (15, 7), (30, 7), (30, 13), (15, 13), (4, 20), (-2, 20)),
           polygon("g", (0, 0), (2, 0), (14, 8.4), (30, 8.4), (30, 11.6), (14, 11.6), (2, 20), (0, 20)),
           polygon("y", (0, 3), (10, 10), (0, 17)), polygon("k", (0, 4.6), (7.6, 10), (0, 15.4))],
}


def pixels(layers):
    """The colour letter of every pixel, row by row, each sampled at its centre."""
    for y in range(HEIGHT):
        for x in range(WIDTH):
            found = [colour for layer in layers if (colour := layer(x + 0.5, y + 0.5))]
            yield found[-1]


def lzw(indices, code_size):
    """GIF's variant of LZW: codes that grow from code_size + 1 bits, lowest bit first."""
    clear, end = 1 << code_size, (1 << code_size) + 1
    codes = {(index,): index for index in range(clear)}
    width, bits, count, out = code_size + 1, 0, 0, bytearray()

    def put(code):
        nonlocal bits, count
        bits |= code << count
        count += width
        while count >= 8:
            out.append(bits & 255)
            bits >>= 8
            count -= 8

    put(clear)
    run = ()
    for index in indices:
        if run + (index,) in codes:
            run += (index,)
            continue
        put(codes[run])
        codes[run + (index,)] = end + 1 + len(codes) - clear
        if codes[run + (index,)] == 1 << width:
            width += 1
        run = (index,)
    put(codes[run])
    put(end)
    if count:
        out.append(bits)
    return bytes(out)


def gif(letters):
    """A GIF89a of one image with a global colour table."""
    palette = sorted(set(letters))
    depth = max(1, math.ceil(math.log2(len(palette))))
    table = b"".join(COLOURS[letter].to_bytes(3, "big") for letter in palette).ljust(3 << depth, b"\0")
    size = WIDTH.to_bytes(2, "little") + HEIGHT.to_bytes(2, "little")
    code_size = max(2, depth)
    data = lzw([palette.index(letter) for letter in letters], code_size)
    blocks = b"".join(bytes([len(data[at : at + 255])]) + data[at : at + 255] for at in range(0, len(data), 255))
    screen = b"GIF89a" + size + bytes([0x80 | (depth - 1), 0, 0]) + table
    return screen + b"," + bytes(4) + size + b"\0" + bytes([code_size]) + blocks + b"\0;"


def main():
    flags = Path(__file__).parent / "flags"
    for code, layers in FLAGS.items():
        folder = flags / code
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{code}.gif").write_bytes(gif(list(pixels(layers))))
    print(f"{len(FLAGS)} flags")


if __name__ == "__main__":
    main()
