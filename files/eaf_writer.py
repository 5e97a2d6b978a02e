"""ELAN's annotation files as they are written: EAF 2.8."""
import re
from typing import List, Mapping, Set
from xml.sax.saxutils import escape, quoteattr

from files.eaf import Eaf, Media, Tier

SCHEMA = "http://www.mpi.nl/tools/elan/EAFv2.8.xsd"
NO_DATE = "1970-01-01T00:00:00+00:00"       # one must stand there, and two runs that make the same write the same
NEVER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def eaf_bytes(eaf: Eaf) -> bytes:
    """Version 2.8. A tier's further texts stand in tiers of their own, tied to its intervals."""
    moments = sorted({_ms(second) for tier in eaf.tiers for interval in tier.intervals
                      for second in (interval.start, interval.stop)})
    slots = {moment: f"ts{number}" for number, moment in enumerate(moments, start=1)}
    ids: Set[str] = set()
    lines = ['<?xml version="1.0" encoding="UTF-8"?>',
             f'<ANNOTATION_DOCUMENT AUTHOR="gradcam" DATE="{NO_DATE}" FORMAT="2.8" VERSION="2.8" '
             f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="{SCHEMA}">',
             '<HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">', *map(_media, eaf.media), "</HEADER>", "<TIME_ORDER>",
             *(f'<TIME_SLOT TIME_SLOT_ID="{slot}" TIME_VALUE="{moment}"/>' for moment, slot in slots.items()),
             "</TIME_ORDER>"]
    for tier in eaf.tiers:
        lines += _tier(tier, slots, ids)
    return "\n".join([*lines, *TYPES, "</ANNOTATION_DOCUMENT>", ""]).encode("utf-8")


TYPES = ('<LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="interval" TIME_ALIGNABLE="true"/>',
         '<LINGUISTIC_TYPE CONSTRAINTS="Symbolic_Association" GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="about" '
         'TIME_ALIGNABLE="false"/>',
         '<CONSTRAINT DESCRIPTION="1-1 association with a parent annotation" STEREOTYPE="Symbolic_Association"/>')


def _media(media: Media) -> str:
    origin = f' TIME_ORIGIN="{_ms(media.origin)}"' if media.origin else ""
    relative = f" RELATIVE_MEDIA_URL={quoteattr(media.relative)}" if media.relative else ""
    return f'<MEDIA_DESCRIPTOR MEDIA_URL={quoteattr(media.url)}{relative} MIME_TYPE={quoteattr(media.kind)}{origin}/>'


def _tier(tier: Tier, slots: Mapping[int, str], ids: Set[str]) -> List[str]:
    def new() -> str:
        ids.add(f"a{len(ids) + 1}")
        return f"a{len(ids)}"

    mine = [new() for _ in tier.intervals]
    lines = [f'<TIER LINGUISTIC_TYPE_REF="interval" TIER_ID={quoteattr(_told(tier.name))}>']
    lines += [f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="{known}" '
              f'TIME_SLOT_REF1="{slots[_ms(interval.start)]}" TIME_SLOT_REF2="{slots[_ms(interval.stop)]}">'
              f'{_value(interval.text)}</ALIGNABLE_ANNOTATION></ANNOTATION>'
              for known, interval in zip(mine, tier.intervals)]
    lines.append("</TIER>")
    for name, texts in tier.about:
        lines.append(f'<TIER LINGUISTIC_TYPE_REF="about" PARENT_REF={quoteattr(_told(tier.name))} '
                     f'TIER_ID={quoteattr(_told(name))}>')
        lines += [f'<ANNOTATION><REF_ANNOTATION ANNOTATION_ID="{new()}" ANNOTATION_REF="{known}">{_value(text)}'
                  "</REF_ANNOTATION></ANNOTATION>" for known, text in zip(mine, texts) if text]
        lines.append("</TIER>")
    return lines


def _value(text: str) -> str:
    return f"<ANNOTATION_VALUE>{escape(_told(text))}</ANNOTATION_VALUE>"


def _told(text: str) -> str:
    """Without what no XML may hold."""
    return NEVER.sub("", text)


def _ms(second: float) -> int:
    return round(second * 1000)
