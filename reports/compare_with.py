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
    our_page, their_page = (_read(path / "report.html") for path in (folder, other))
    ours, theirs = _data(our_page, folder), _data(their_page, other)
    for what in ("frames", "size"):
        if ours[what] != theirs[what]:
            raise UserError(f"{other}: not the same clip as {folder}: {what} {theirs[what]} and {ours[what]}")
    try:
        their_models = _renamed(theirs["models"])
    except RecursionError:
        raise UserError(f"{other / 'report.html'}: its data are damaged; write it again with --overwrite") from None
    name, name_there = run_names(ours["preds"], theirs["preds"], (folder.parent.name, other.parent.name))
    ours["beside"] = {"ours": name, "name": name_there, "preds": theirs["preds"], "models": their_models,
                      "sheets": {_beside(name): sheet for name, sheet in theirs["sheets"].items() if name != "frame"}}
    sheets = "\n".join(f'<script type="text/plain" id="{_beside(name)}-{number}">{jpeg}</script>'
                       for name, number, jpeg in SHEET.findall(their_page) if name != "frame")
    text = DATA.sub(lambda match: match.group(1) + json_in_html(ours) + match.group(3), our_page, count=1)
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
        kinds = (("frames", int), ("preds", dict), ("models", list))
        if not all(isinstance(data[name], kind) for name, kind in kinds) or not \
                all(isinstance(sheet, dict) for sheet in data["sheets"].values()):
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
        return {key: _beside(item) if key == "sheet" else _renamed(item) for key, item in value.items()}
    return [_renamed(item) for item in value] if isinstance(value, list) else value
