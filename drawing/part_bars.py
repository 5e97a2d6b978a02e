"""What a gloss was read from, below the name in its picture: a bar for each part."""
from PIL import ImageDraw

from drawing.grounds import Ground
from drawing.text import fitted, font, wrapped
from records.parts import GlossParts

ROW, BAR = 17, 9            # height of a part's row, and of its bar
NAME, VALUE, LONGEST = 122, 62, 320


def bars_height(gloss: GlossParts) -> int:
    return ROW * len(gloss.parts)


def part_bars(draw: ImageDraw.ImageDraw, gloss: GlossParts, asks: str, left: int, top: int, width: int,
              ground: Ground) -> None:
    """Values below zero go to the left of it; a part that is not in the picture says so. asks: the question."""
    values = [part.value or 0.0 for part in gloss.parts]
    room = min(LONGEST, width - NAME - VALUE)
    low = -min(0.0, *values)
    scale = room / max(low + max(0.0, *values), 1e-9)
    zero = left + NAME + low * scale
    for row, (part, value) in enumerate(zip(gloss.parts, values)):
        middle = top + row * ROW + ROW // 2
        draw.text((left, middle), part.name, font=font(13), fill=ground.ink, anchor="lm")
        if part.value is None:
            draw.text((left + NAME, middle), fitted("not in the picture", font(12), room), font=font(12),
                      fill=ground.dim, anchor="lm")
            continue
        ends = sorted((zero, zero + value * scale))
        draw.rectangle((ends[0], middle - BAR // 2, max(ends[1], ends[0] + 1), middle + BAR // 2),
                       fill=ground.ink if value >= 0 else ground.verdicts["substituted"])
        draw.text((left + NAME + room + VALUE, middle), amount(gloss, value), font=font(13), fill=ground.ink,
                  anchor="rm")
    beside = left + NAME + room + VALUE + 4 * BAR
    for line, words in enumerate(wrapped(f"{what(gloss)}; {asks}", font(13), left + width - beside)[:len(values)]):
        draw.text((beside, top + line * ROW + ROW // 2), words, font=font(13), fill=ground.dim, anchor="lm")


def what(gloss: GlossParts) -> str:
    if gloss.about.side is not None or gloss.score <= gloss.hidden:
        return "read from: what each part gives to the score"
    return "read from: shares of what all parts give to the log-probability"


def amount(gloss: GlossParts, value: float) -> str:
    """Of a gloss its share of what all parts give, of a contrast log-odds."""
    gained = gloss.score - gloss.hidden
    return f"{value:+.2f}" if gloss.about.side is not None or gained <= 0 else f"{value / gained:.0%}"
