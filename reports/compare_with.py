"""Two runs of one clip in one page: a report with the maps of another output folder's report beside its own."""
import json
import re
from pathlib import Path
from typing import Any, Dict

from files.atomic import atomic_file
from files.reading import read_text
from reports.page import json_in_html
from reports.run_names import run_names
from terminal.errors import UserError

PAGE = "beside.html"
DATA = re.compile(r'(<script type="application/json" id="data">)(.*?)(</script>)', re.S)
SHEET = re.compile(r'<script type="text/plain" id="([^"]+)-(\d+)">([^<]*)</script>')
PLACE = "<!-- beside -->"       # where the other report's sheets go


def write_beside(folder: Path, other: Path) -> Path:
    """Writes beside.html into a sequence's folder: its report.html, with that of the same sequence in another one."""
    ours, theirs = (_read(each / "report.html") for each in (folder, other))
    mine, its = _data(ours, folder), _data(theirs, other)
    for what in ("frames", "size"):
        if mine[what] != its[what]:
            raise UserError(f"{other}: not the same clip as {folder}: {what} {its[what]} and {mine[what]}")
    try:
        theirs_here = _renamed(its["models"])
    except RecursionError:
        raise UserError(f"{other / 'report.html'}: its data are damaged; write it again with --overwrite") from None
    name, name_there = run_names(mine["preds"], its["preds"], (folder.parent.name, other.parent.name))
    mine["beside"] = {"ours": name, "name": name_there, "preds": its["preds"], "models": theirs_here,
                      "sheets": {_beside(name): sheet for name, sheet in its["sheets"].items() if name != "frame"}}
    sheets = "\n".join(f'<script type="text/plain" id="{_beside(name)}-{number}">{jpeg}</script>'
                       for name, number, jpeg in SHEET.findall(theirs) if name != "frame")
    text = DATA.sub(lambda match: match.group(1) + json_in_html(mine) + match.group(3), ours, count=1)
    with atomic_file(folder / PAGE) as draft:
        draft.write_text(text.replace(PLACE, sheets, 1), encoding="utf-8")
    return folder / PAGE


def _read(path: Path) -> str:
    try:
        return read_text(path)
    except (OSError, ValueError):
        raise UserError(f"{path}: no report to set beside; run main.py for it with --write report") from None


def _data(text: str, folder: Path) -> Dict[str, Any]:
    match = DATA.search(text)
    if match is None or PLACE not in text:
        raise UserError(f"{folder / 'report.html'}: not a report of this version; write it again with --overwrite")
    try:
        data = json.loads(match.group(2), parse_constant=_no_number)
        if not isinstance(data["frames"], int) or not isinstance(data["preds"], dict) or not \
                isinstance(data["models"], list) or not all(isinstance(each, dict) for each in data["sheets"].values()):
            raise ValueError("other records")
        data["size"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UserError(f"{folder / 'report.html'}: its data are damaged ({error!r:.80}); write it again with "
                        "--overwrite") from None
    return data


def _no_number(word: str) -> None:
    raise ValueError(f"{word} in it")


def _beside(name: str) -> str:
    return f"beside-{name}"


def _renamed(value: Any) -> Any:
    """The same records, leading to the sheets under their new names."""
    if isinstance(value, dict):
        return {key: _beside(each) if key == "sheet" else _renamed(each) for key, each in value.items()}
    return [_renamed(each) for each in value] if isinstance(value, list) else value
