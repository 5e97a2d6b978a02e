"""ELAN's files: what is written keeps to the schema, other programs read it, and theirs are read."""
import re
from pathlib import Path
from typing import Dict, List, Optional, Set, Tuple
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from files.eaf import Eaf, Interval, Media, Tier, intervals, read_eaf
from files.eaf_writer import eaf_bytes
from terminal.errors import UserError

# EAF 2.8: of each element its parent, the attributes that it must have, and those that it may.
SCHEMA: Dict[str, Tuple[Tuple[str, ...], Set[str], Set[str]]] = {
    "ANNOTATION_DOCUMENT": ((), {"DATE", "AUTHOR", "VERSION"}, {"FORMAT"}),
    "HEADER": (("ANNOTATION_DOCUMENT",), set(), {"MEDIA_FILE", "TIME_UNITS"}),
    "MEDIA_DESCRIPTOR": (("HEADER",), {"MEDIA_URL", "MIME_TYPE"}, {"RELATIVE_MEDIA_URL", "TIME_ORIGIN"}),
    "TIME_ORDER": (("ANNOTATION_DOCUMENT",), set(), set()),
    "TIME_SLOT": (("TIME_ORDER",), {"TIME_SLOT_ID"}, {"TIME_VALUE"}),
    "TIER": (("ANNOTATION_DOCUMENT",), {"TIER_ID", "LINGUISTIC_TYPE_REF"}, {"PARENT_REF"}),
    "ANNOTATION": (("TIER",), set(), set()),
    "ALIGNABLE_ANNOTATION": (("ANNOTATION",), {"ANNOTATION_ID", "TIME_SLOT_REF1", "TIME_SLOT_REF2"}, set()),
    "REF_ANNOTATION": (("ANNOTATION",), {"ANNOTATION_ID", "ANNOTATION_REF"}, set()),
    "ANNOTATION_VALUE": (("ALIGNABLE_ANNOTATION", "REF_ANNOTATION"), set(), set()),
    "LINGUISTIC_TYPE": (("ANNOTATION_DOCUMENT",), {"LINGUISTIC_TYPE_ID"},
                        {"TIME_ALIGNABLE", "GRAPHIC_REFERENCES", "CONSTRAINTS"}),
    "CONSTRAINT": (("ANNOTATION_DOCUMENT",), {"STEREOTYPE"}, {"DESCRIPTION"}),
}
ORDER = ("HEADER", "TIME_ORDER", "TIER", "LINGUISTIC_TYPE", "CONSTRAINT")
NAME = re.compile(r"[A-Za-z_][\w.-]*", re.ASCII)


def check(data: bytes) -> None:
    """The schema's constraints: who stands in whom, in which order, with what; names that are one of a kind."""
    root = ElementTree.fromstring(data)
    assert root.tag == "ANNOTATION_DOCUMENT"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", root.attrib["DATE"])
    parents = {child: parent for parent in root.iter() for child in parent}
    for element in root.iter():
        above, needed, allowed = SCHEMA[element.tag]
        names = {name for name in element.attrib if not name.startswith("{")}
        assert element is root or parents[element].tag in above
        assert needed <= names <= needed | allowed, element.tag
        assert element.tag != "ANNOTATION" or len(element) == 1
        assert element.tag not in ("ALIGNABLE_ANNOTATION", "REF_ANNOTATION") or len(element) == 1
    tags = [child.tag for child in root]
    assert tags == sorted(tags, key=ORDER.index) and tags.count("HEADER") == tags.count("TIME_ORDER") == 1
    ids = [element.attrib[name] for element in root.iter()
           for name in ("TIME_SLOT_ID", "ANNOTATION_ID", "STEREOTYPE") if name in element.attrib]
    assert len(set(ids)) == len(ids) and all(NAME.fullmatch(name) for name in ids)
    slots = {slot.attrib["TIME_SLOT_ID"]: int(slot.attrib["TIME_VALUE"]) for slot in root.iter("TIME_SLOT")}
    assert list(slots.values()) == sorted(slots.values()) and all(0 <= value < 2 ** 32 for value in slots.values())
    tiers = [tier.attrib["TIER_ID"] for tier in root.iter("TIER")]
    assert len(set(tiers)) == len(tiers)
    types = {kind.attrib["LINGUISTIC_TYPE_ID"] for kind in root.iter("LINGUISTIC_TYPE")}
    for tier in root.iter("TIER"):
        assert tier.attrib["LINGUISTIC_TYPE_REF"] in types
        assert tier.attrib.get("PARENT_REF", tiers[0]) in tiers
        spans = [(slots[annotation.attrib["TIME_SLOT_REF1"]], slots[annotation.attrib["TIME_SLOT_REF2"]])
                 for annotation in tier.iter("ALIGNABLE_ANNOTATION")]
        assert all(start < stop for start, stop in spans)
        assert all(before[1] <= after[0] for before, after in zip(spans, spans[1:]))
        assert {annotation.attrib["ANNOTATION_REF"] for annotation in tier.iter("REF_ANNOTATION")} <= set(ids)


WHOLE = Eaf((Tier("Wörter & <Zeichen>", intervals([(0.04, 0.2, "HAUS"), (0.2, 0.2, "A&B"), (0.1, 0.5, "<si> \"x\"")]),
                  (("Wörter score", ("0.9", "", "0.1")),)),
             Tier("peaks", intervals([(0.04, 0.08, "layer4")]))),
            (Media("./a.mp4", "./a.mp4"), Media("file:///b%20c.mov", "../b%20c.mov", 1.25, "video/quicktime")))


def test_what_is_written_keeps_to_the_schema_and_is_read_again(tmp_path: Path) -> None:
    data = eaf_bytes(WHOLE)
    check(data)
    (tmp_path / "a.eaf").write_bytes(data)
    eaf = read_eaf(tmp_path / "a.eaf")
    assert eaf.media == WHOLE.media
    assert [tier.name for tier in eaf.tiers] == ["Wörter & <Zeichen>", "Wörter score", "peaks"]
    spans = [(interval.start, interval.stop, interval.text) for interval in eaf.tiers[0].intervals]
    assert spans == [(0.04, 0.2, "HAUS"), (0.2, 0.201, "A&B"), (0.201, 0.5, '<si> "x"')]
    assert [(interval.start, interval.text) for interval in eaf.tiers[1].intervals] == [(0.04, "0.9"), (0.201, "0.1")]


SPAN = st.tuples(st.floats(0, 1e5), st.floats(0, 1e5), st.text(max_size=8))


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.lists(st.lists(SPAN, max_size=6), max_size=3))
def test_any_tiers_keep_to_the_schema(tiers: List[List[Tuple[float, float, str]]]) -> None:
    check(eaf_bytes(Eaf(tuple(Tier(f"t{number}", intervals(spans)) for number, spans in enumerate(tiers)))))


def document(body: str, header: str = '<HEADER TIME_UNITS="milliseconds"/>', before: str = "") -> bytes:
    return (f'<?xml version="1.0" encoding="UTF-8"?>{before}<ANNOTATION_DOCUMENT>{header}{body}'
            "</ANNOTATION_DOCUMENT>").encode()


def slots(*times: Optional[int]) -> str:
    each = (f'<TIME_SLOT TIME_SLOT_ID="s{number}"' + ("" if time is None else f' TIME_VALUE="{time}"') + "/>"
            for number, time in enumerate(times))
    return f"<TIME_ORDER>{''.join(each)}</TIME_ORDER>"


def aligned(name: str, first: int, last: int, text: str) -> str:
    return (f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="{name}" TIME_SLOT_REF1="s{first}" '
            f'TIME_SLOT_REF2="s{last}"><ANNOTATION_VALUE>{text}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>')


def referring(name: str, parent: str, text: str) -> str:
    return (f'<ANNOTATION><REF_ANNOTATION ANNOTATION_ID="{name}" ANNOTATION_REF="{parent}"><ANNOTATION_VALUE>{text}'
            "</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>")


def read(tmp_path: Path, data: bytes) -> Eaf:
    (tmp_path / "a.eaf").write_bytes(data)
    return read_eaf(tmp_path / "a.eaf")


def test_slots_without_a_time_lie_evenly_and_references_share_their_parent_s(tmp_path: Path) -> None:
    eaf = read(tmp_path, document(
        slots(0, None, None, 900) + f'<TIER TIER_ID="A">{aligned("a", 0, 1, "ICH")}{aligned("b", 1, 3, "")}</TIER>'
        f'<TIER TIER_ID="B" PARENT_REF="A">{referring("c", "b", "X")}{referring("d", "b", "Y")}</TIER>'
        f'<TIER TIER_ID="C" PARENT_REF="B">{referring("e", "d", "Z")}</TIER>'))
    spans = [[(round(each.start, 6), round(each.stop, 6), each.text) for each in tier.intervals]
             for tier in eaf.tiers]
    assert spans == [[(0, 0.3, "ICH"), (0.3, 0.9, "")], [(0.3, 0.6, "X"), (0.6, 0.9, "Y")], [(0.6, 0.9, "Z")]]


@pytest.mark.parametrize("unit, frame", [("PAL-frames", 1 / 25), ("NTSC-frames", 1001 / 30000)])
def test_times_may_be_frames(tmp_path: Path, unit: str, frame: float) -> None:
    eaf = read(tmp_path, document(slots(25, 50) + f'<TIER TIER_ID="A">{aligned("a", 0, 1, "ICH")}</TIER>',
                                  f'<HEADER TIME_UNITS="{unit}"/>'))
    interval, = eaf.tiers[0].intervals
    assert (interval.start, interval.stop) == pytest.approx((25 * frame, 50 * frame))


def test_slots_without_a_time_at_the_end_lie_at_the_last_one(tmp_path: Path) -> None:
    eaf = read(tmp_path, document(slots(0, 900, None) + f'<TIER TIER_ID="A">{aligned("a", 0, 2, "ICH")}</TIER>'))
    assert eaf.tiers[0].intervals == (Interval(0, 0.9, "ICH"),)


BOMB = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize("data, words", [
    (document("", before=BOMB), "it defines entities"),
    (document("", before=OUTSIDE), "it defines entities"),
    (document("&b;"), "undefined entity"),
    (b"<a/>", "its root is a"), (b"", "no element found"), (document("")[:-5], "line 1"), (b"\x00\xff", "line 1"),
    (document("<a>" * 200 + "</a>" * 200), "its elements are nested too deeply"),
    (document("", '<HEADER TIME_UNITS="hours"/>'), "times in hours"),
    (document(slots(5, 1) + f'<TIER TIER_ID="A">{aligned("a", 0, 1, "")}</TIER>'), "a stops before it starts"),
    (document(f'<TIER TIER_ID="A">{aligned("a", 0, 1, "")}</TIER>'), "time slot s0 is not there"),
    (document('<TIER TIER_ID="A"/><TIER TIER_ID="A"/>'), "two tiers are called A"),
    (document(slots(0, 1) + f'<TIER TIER_ID="A">{aligned("a", 0, 1, "") * 2}</TIER>'), "two annotations are called a"),
    (document(f'<TIER TIER_ID="A">{referring("a", "x", "")}</TIER>'), "annotation a refers to x, which is not there"),
    (document(f'<TIER TIER_ID="A">{referring("a", "b", "")}{referring("b", "a", "")}</TIER>'), "in a circle"),
    (document('<TIME_ORDER><TIME_SLOT TIME_SLOT_ID="s" TIME_VALUE="1e9"/></TIME_ORDER>'), "'1e9' is not a time"),
    (document("<TIER/>"), "damaged"),
])
def test_what_is_no_annotation_is_refused_in_a_line(tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises(UserError, match=f"not an ELAN annotation file .*{words}") as refused:
        read(tmp_path, data)
    assert "\n" not in str(refused.value)


def test_pympi_reads_what_is_written(tmp_path: Path) -> None:
    elan = pytest.importorskip("pympi.Elan")
    (tmp_path / "a.eaf").write_bytes(eaf_bytes(WHOLE))
    theirs = elan.Eaf(str(tmp_path / "a.eaf"))
    assert theirs.get_annotation_data_for_tier("Wörter & <Zeichen>") == [
        (40, 200, "HAUS"), (200, 201, "A&B"), (201, 500, '<si> "x"')]
    assert [(start, text) for start, _, text, _ in theirs.get_ref_annotation_data_for_tier("Wörter score")] == [
        (40, "0.9"), (201, "0.1")]
    assert [link["RELATIVE_MEDIA_URL"] for link in theirs.get_linked_files()] == ["./a.mp4", "../b%20c.mov"]


def test_what_pympi_writes_is_read(tmp_path: Path) -> None:
    elan = pytest.importorskip("pympi.Elan")
    made = elan.Eaf()
    made.add_linked_file("/videos/x.mp4", "./x.mp4", "video/mp4")
    made.add_tier("Lexem_Gebärde_r_A")
    for start, stop, text in ((500, 900, "HAUS1A"), (0, 500, "ICH1")):
        made.add_annotation("Lexem_Gebärde_r_A", start, stop, text)
    made.to_file(str(tmp_path / "a.eaf"))
    tiers = {tier.name: tier.intervals for tier in read_eaf(tmp_path / "a.eaf").tiers}
    assert tiers["Lexem_Gebärde_r_A"] == (Interval(0, 0.5, "ICH1"), Interval(0.5, 0.9, "HAUS1A"))
