"""ELAN's annotation files, EAF 2.8: tiers of intervals with a text each. Any version from 2.0 on is read.

Read by events, so that no tree is built, and without a document type: no entity is ever defined, let alone fetched.
"""
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, List, Mapping, Optional, Sequence, Tuple
from xml.parsers import expat

from files.reading import read_bytes
from terminal.errors import UserError

LARGEST = 1 << 27           # bytes
DEEPEST = 100               # elements within each other
UNITS = {"milliseconds": 0.001, "PAL-frames": 1 / 25, "NTSC-frames": 1001 / 30000}


@dataclass(frozen=True)
class Interval:
    start: float            # seconds
    stop: float
    text: str


@dataclass(frozen=True)
class Media:
    url: str
    relative: str = ""
    origin: float = 0.0     # second of the file that is the annotation's 0
    kind: str = "video/mp4"


@dataclass(frozen=True)
class Tier:
    name: str
    intervals: Tuple[Interval, ...]         # in order of time
    about: Tuple[Tuple[str, Tuple[str, ...]], ...] = ()     # of a tier that is written: further texts, one an interval


@dataclass(frozen=True)
class Eaf:
    tiers: Tuple[Tier, ...]
    media: Tuple[Media, ...] = ()


def intervals(spans: Sequence[Tuple[float, float, str]]) -> Tuple[Interval, ...]:
    """Of spans in order, as a tier has them: in whole milliseconds, one at least, and each after the one before."""
    made: List[Interval] = []
    end = 0
    for start, stop, text in spans:
        begin = max(round(start * 1000), end)
        end = max(round(stop * 1000), begin + 1)
        made.append(Interval(begin / 1000, end / 1000, text))
    return tuple(made)


class _Wrong(Exception):
    """What is wrong, in words."""


def read_eaf(path: Path) -> Eaf:
    """OSError where there is no file; UserError where it is no EAF, or damaged."""
    data = read_bytes(path, LARGEST)
    reader = _Reader()
    try:
        reader.parse(data)
        return reader.eaf()
    except expat.ExpatError as error:
        reason = f"{expat.ErrorString(error.code)}, line {error.lineno}"
    except (_Wrong, ValueError, LookupError) as error:
        reason = str(error) if isinstance(error, _Wrong) else "damaged"
    raise UserError(f"{path}: not an ELAN annotation file ({reason}); give an .eaf as ELAN saves it")


@dataclass
class _Note:
    tier: str
    slots: Tuple[str, str] = ("", "")       # of one with times of its own
    parent: str = ""                        # of one that refers to another
    text: List[str] = field(default_factory=list)


class _Reader:
    def __init__(self) -> None:
        self.slots: Dict[str, Optional[int]] = {}       # in the order of time
        self.tiers: Dict[str, List[str]] = {}           # ids of their annotations
        self.notes: Dict[str, _Note] = {}
        self.media: List[Media] = []
        self.unit, self.depth, self.tier = "milliseconds", 0, ""
        self.note: Optional[_Note] = None
        self.in_value = False

    def parse(self, data: bytes) -> None:
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._text
        parser.Parse(data, True)

    def _doctype(self, *_: object) -> None:
        raise _Wrong("it defines entities, which no .eaf does")

    def _start(self, name: str, attributes: Dict[str, str]) -> None:
        self.depth += 1
        if self.depth > DEEPEST or self.depth == 1 and name != "ANNOTATION_DOCUMENT":
            raise _Wrong(f"its root is {name[:40]}" if self.depth == 1 else "its elements are nested too deeply")
        if name == "HEADER":
            self.unit = attributes.get("TIME_UNITS", self.unit)
            if self.unit not in UNITS:
                raise _Wrong(f"times in {self.unit[:40]}")
        elif name == "MEDIA_DESCRIPTOR":
            self.media.append(Media(attributes.get("MEDIA_URL", ""), attributes.get("RELATIVE_MEDIA_URL", ""),
                                    _number(attributes.get("TIME_ORIGIN", "0")) / 1000,
                                    attributes.get("MIME_TYPE", "")))
        elif name == "TIME_SLOT":
            value = attributes.get("TIME_VALUE")
            self.slots[attributes["TIME_SLOT_ID"]] = None if value is None else _number(value)
        elif name == "TIER":
            self.tier = attributes["TIER_ID"]
            if self.tier in self.tiers:
                raise _Wrong(f"two tiers are called {self.tier[:60]}")
            self.tiers[self.tier] = []
        elif name in ("ALIGNABLE_ANNOTATION", "REF_ANNOTATION"):
            self._annotation(name, attributes)
        elif name == "ANNOTATION_VALUE":
            self.in_value = True

    def _annotation(self, name: str, attributes: Mapping[str, str]) -> None:
        known = attributes["ANNOTATION_ID"]
        if known in self.notes or not self.tiers:
            raise _Wrong(f"two annotations are called {known[:60]}" if self.tiers else "an annotation outside a tier")
        if name == "REF_ANNOTATION":
            self.note = _Note(self.tier, parent=attributes["ANNOTATION_REF"])
        else:
            self.note = _Note(self.tier, (attributes["TIME_SLOT_REF1"], attributes["TIME_SLOT_REF2"]))
        self.notes[known] = self.note
        self.tiers[self.tier].append(known)

    def _end(self, name: str) -> None:
        self.depth -= 1
        if name == "ANNOTATION_VALUE":
            self.in_value = False

    def _text(self, data: str) -> None:
        if self.in_value and self.note is not None:
            self.note.text.append(data)

    def eaf(self) -> Eaf:
        times = self._times()
        spans: Dict[str, Tuple[float, float]] = {}
        for known, note in self.notes.items():
            if not note.parent:
                start, stop = (_known(times, slot) for slot in note.slots)
                if stop < start:
                    raise _Wrong(f"annotation {known[:60]} stops before it starts")
                spans[known] = start, stop
        self._refer(spans)
        tiers = []
        for name, ids in self.tiers.items():
            made = [Interval(*spans[known], "".join(self.notes[known].text).strip()) for known in ids]
            tiers.append(Tier(name, tuple(sorted(made, key=lambda interval: (interval.start, interval.stop)))))
        return Eaf(tuple(tiers), tuple(self.media))

    def _times(self) -> Dict[str, float]:
        """Seconds of each slot; one without a time lies evenly between those around it."""
        names, times, unit = list(self.slots), list(self.slots.values()), UNITS[self.unit]
        seconds: Dict[str, float] = {}
        last, first = 0.0, 0                            # the last known time, and the first slot without one since
        for number, value in enumerate(times):
            if value is None:
                continue
            for index in range(first, number):
                seconds[names[index]] = (last + (value - last) * (index - first + 1) / (number - first + 1)) * unit
            last, first = float(value), number + 1
            seconds[names[number]] = value * unit
        return {**seconds, **dict.fromkeys(names[first:], last * unit)}

    def _refer(self, spans: Dict[str, Tuple[float, float]]) -> None:
        """Annotations that refer to others share their time evenly, those of one tier among themselves."""
        children: Dict[Tuple[str, str], List[str]] = {}
        for known, note in self.notes.items():
            if note.parent:
                if note.parent not in self.notes:
                    raise _Wrong(f"annotation {known[:60]} refers to {note.parent[:60]}, which is not there")
                children.setdefault((note.parent, note.tier), []).append(known)
        by_parent: Dict[str, List[List[str]]] = {}
        for (parent, _), ids in children.items():
            by_parent.setdefault(parent, []).append(ids)
        waiting = list(spans)
        while waiting:
            parent = waiting.pop()
            start, stop = spans[parent]
            for ids in by_parent.get(parent, ()):
                length = (stop - start) / len(ids)
                spans.update({known: (start + index * length, start + (index + 1) * length)
                              for index, known in enumerate(ids)})
                waiting += ids
        if len(spans) < len(self.notes):
            raise _Wrong("annotations that refer to each other in a circle")


def _number(text: str) -> int:
    if not text.lstrip("-").isdecimal() or len(text) > 15:
        raise _Wrong(f"{text[:40]!r} is not a time")
    return int(text)


def _known(times: Mapping[str, float], slot: str) -> float:
    if slot not in times:
        raise _Wrong(f"time slot {slot[:60]} is not there")
    return times[slot]
