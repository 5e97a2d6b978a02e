"""The lettering of a figure: its fonts, how wide words are, and where they are broken so that none is cut."""
import base64
import re
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any, Dict, List, Sequence

from matplotlib.font_manager import FontProperties, fontManager

from drawing.fonts import chinese, dejavu, is_chinese, subset_of
from drawing.text import font

POINTS = 7.0                # of all words: what journals ask for at the least
LINE = 0.135                # inches from one line to the next
BASELINE = 0.1              # inches from the top of a line
REGULAR, BOLD = "DejaVuSans", "DejaVuSans-Bold"
FINE = 100                  # pixels of an em, to measure by
SPARE = 1.02                # matplotlib's hinting is a little wider
BREAKS = re.compile(r"(?<=[._+/-])")


def settings(texts: Sequence[str]) -> Dict[str, Any]:
    """matplotlib's, for figures with these words: they stay words, and $ is no mathematics."""
    families, kind = ["DejaVu Sans"], 42
    if any(map(is_chinese, texts)):
        families.append(_family(chinese()))
        kind = 42 if _has_quadratic_outlines(chinese()) else 3      # PDF's 42 holds no others
    # By name and not as sans-serif, of whose fonts matplotlib takes the first alone.
    return {"font.family": families, "font.size": POINTS, "pdf.fonttype": kind,
            "svg.fonttype": "none", "svg.hashsalt": "figure", "text.parse_math": False}


def inches(words: str, face: str = REGULAR) -> float:
    """How wide a line is, each character in the font that has it."""
    runs = ("".join(run) for _, run in groupby(words, is_chinese))
    return sum(float(font(FINE, face).getlength(run)) for run in runs) / FINE * POINTS / 72 * SPARE


def lines(words: str, width: float, face: str = REGULAR) -> List[str]:
    """The words in lines of at most so many inches: broken at spaces, in a word that is too wide after dots and the
    like, and where that is not enough after any character."""
    out: List[str] = []
    for word in filter(None, words.split(" ")):
        if out and inches(f"{out[-1]} {word}", face) <= width:
            out[-1] += f" {word}"
        else:
            out += _joined(BREAKS.split(word), width, face) if inches(word, face) > width else [word]
    return out


def _joined(parts: Sequence[str], width: float, face: str) -> List[str]:
    out = [""]
    for part in parts:
        if out[-1] and inches(out[-1] + part, face) > width:
            out.append("")
        if inches(part, face) > width and len(part) > 1:
            out[-1:] = _joined([out[-1], *part], width, face)
        else:
            out[-1] += part
    return [line for line in out if line]


def font_faces(texts: Sequence[str]) -> str:
    """CSS that brings the characters of these words along, so that an SVG looks the same wherever it is opened."""
    together = "".join(texts)
    plain = "".join(character for character in together if not is_chinese(character))
    files = [("DejaVu Sans", weight, dejavu(name), plain) for weight, name in (("normal", REGULAR), ("bold", BOLD))]
    if is_chinese(together):
        files.append((_family(chinese()), "normal", chinese(), "".join(filter(is_chinese, together))))
    return "".join(f"@font-face{{font-family:'{family}';font-weight:{weight};src:url(data:font/ttf;base64,"
                   f"{base64.b64encode(subset_of(path, needed)).decode()})}}"
                   for family, weight, path, needed in files if needed)


@lru_cache(maxsize=None)
def _family(path: Path) -> str:
    """The name by which matplotlib finds a font file, which it is made to know."""
    fontManager.addfont(str(path))
    return FontProperties(fname=str(path)).get_name()


@lru_cache(maxsize=None)
def _has_quadratic_outlines(path: Path) -> bool:
    from fontTools.ttLib import TTFont

    with TTFont(str(path), fontNumber=0, lazy=True) as file:
        return "glyf" in file
