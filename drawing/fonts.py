"""The lettering's font files: DejaVu, which matplotlib brings along, and one with Chinese characters where they are."""
import io
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Iterator

from PIL import ImageFont

from terminal.errors import UserError

FOLDERS = ("~/.local/share/fonts", "~/.fonts", "/usr/local/share/fonts", "/usr/share/fonts", "/Library/Fonts",
           "/System/Library/Fonts")
CHINESE = ("NotoSansSC*", "NotoSansCJK*", "SourceHanSans*", "wqy-microhei*", "wqy-zenhei*", "DroidSansFallback*",
           "PingFang*", "msyh*", "simhei*")
PACKAGE = "paperang_p2_fonts_cjk"       # WenQuanYi Micro Hei
# What East Asian glosses are made of, and DejaVu has none of; the last two planes have the rare characters.
CHINESE_CHARACTERS = ((0x2E80, 0xD7FF), (0xF900, 0xFAFF), (0xFE30, 0xFE4F), (0xFF00, 0xFFEF), (0x20000, 0x3FFFF))


def dejavu(name: str) -> Path:
    return _beside("matplotlib") / "mpl-data" / "fonts" / "ttf" / f"{name}.ttf"


@lru_cache(maxsize=1)
def chinese() -> Path:
    """One of the system's, else the package's."""
    font = next(_on_the_system(), None)
    if font is None and find_spec(PACKAGE) is not None:
        font = next((_beside(PACKAGE) / "fonts").glob("*.tt[cf]"), None)
    if font is None:
        raise UserError("no font with Chinese characters, which the glosses need: looked for one on the system and in "
                        f"the package {PACKAGE.replace('_', '-')}; install that with pip, or a font such as "
                        "fonts-noto-cjk")
    return font


class Lettering(ImageFont.FreeTypeFont):
    """A font that leaves texts it has no characters for to one with Chinese ones."""

    def getlength(self, text: Any, *rest: Any, **more: Any) -> float:
        return self._other().getlength(text, *rest, **more) if is_chinese(text) else \
            super().getlength(text, *rest, **more)

    def getbbox(self, text: Any, *rest: Any, **more: Any) -> Any:
        return self._other().getbbox(text, *rest, **more) if is_chinese(text) else \
            super().getbbox(text, *rest, **more)

    def getmask2(self, text: Any, *rest: Any, **more: Any) -> Any:
        return self._other().getmask2(text, *rest, **more) if is_chinese(text) else \
            super().getmask2(text, *rest, **more)

    def _other(self) -> ImageFont.FreeTypeFont:
        return _chinese_of(int(self.size))


@lru_cache(maxsize=None)
def _chinese_of(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(chinese()), size, layout_engine=ImageFont.Layout.BASIC)


def is_chinese(text: Any) -> bool:
    """Whether some of it is to be looked for in the Chinese font. Emoji are in none of the two."""
    return any(first <= ord(character) <= last for character in str(text) for first, last in CHINESE_CHARACTERS)


def chinese_subset(text: str) -> bytes:
    """A font file with the Chinese characters of a text and no others: a few kilobytes."""
    return subset_of(chinese(), "".join(character for character in text if is_chinese(character)))


def subset_of(path: Path, text: str) -> bytes:
    """A font file with the characters of a text and no others."""
    from fontTools import subset
    from fontTools.ttLib import TTFont

    options = subset.Options()
    options.layout_features = []
    options.drop_tables += ["FFTM"]         # FontForge's, of which it would say that it cannot cut it down
    file = io.BytesIO()
    with TTFont(str(path), fontNumber=0, lazy=True, recalcTimestamp=False) as font:
        chosen = subset.Subsetter(options)
        chosen.populate(text="".join(sorted(set(text))))
        chosen.subset(font)
        font.save(file)
    return file.getvalue()


def _on_the_system() -> Iterator[Path]:
    for pattern in CHINESE:
        for folder in map(Path, FOLDERS):
            yield from sorted(path for path in folder.expanduser().rglob(pattern)
                              if path.suffix.lower() in (".ttf", ".ttc", ".otf"))


def _beside(package: str) -> Path:
    spec = find_spec(package)           # found, not imported: only its fonts are wanted
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{package}, whose fonts the video is lettered with, is not installed")
    return Path(spec.origin).parent
