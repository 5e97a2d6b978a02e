"""A page's one file: template, styles, script and data put together so that it opens from disk and asks no network."""
import base64
import hashlib
import html
import json
import re
from pathlib import Path
from typing import Any, Dict, Sequence

from drawing.fonts import chinese_subset, is_chinese
from drawing.overlay import palette
from records.style import COLORMAPS

ASSETS = Path(__file__).resolve().parent / "assets"


def page(template: str, styles: Sequence[str], scripts: Sequence[str], title: str, data: Dict[str, Any],
         sheets: Dict[str, Sequence[bytes]], plain: str = "", films: bool = False) -> str:
    """`plain` is what a reader without JavaScript gets, as text. A font of its Chinese characters goes in.

    films: it shows some that lie beside it.
    """
    script = "\n".join(_asset(name) for name in scripts)
    data_text, face = json_in_html(data), ""
    if is_chinese(data_text + plain + title):
        font = base64.b64encode(chinese_subset(data_text + plain + title)).decode()
        face = f'@font-face {{ font-family: "Chinese of this page"; src: url(data:font/ttf;base64,{font}); }}\n'
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    parts = {
        "title": html.escape(title),
        # Only this script may run and nothing may be fetched, whatever a gloss is called.
        "policy": f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src 'self' data:"
                  + ("; font-src data:" if face else "") + ("; media-src 'self'" if films else ""),
        "style": face + "\n".join(_asset(name) for name in styles),
        "script": script,
        "data": data_text,
        "sheets": "\n".join(f'<script type="text/plain" id="{html.escape(name)}-{number}">'
                            f'{base64.b64encode(jpeg).decode()}</script>'
                            for name, jpegs in sheets.items() for number, jpeg in enumerate(jpegs)),
        "plain": html.escape(plain),
    }
    # One pass, so that a marker inside what is put in stays as it is.
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match.group(1)], _asset(template))


def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")


def json_in_html(data: Any) -> str:
    """JSON that no HTML parser mistakes for a tag or a comment."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def colour_tables() -> Dict[str, str]:
    """Each scale as 256 RGB colours in hexadecimal."""
    return {name: palette(name).tobytes().hex() for name in COLORMAPS}
