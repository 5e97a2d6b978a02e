"""One tier of an ELAN file, and when it is of the video: as --truth and --segments take it."""
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Sequence, Tuple
from unicodedata import normalize
from urllib.parse import unquote

from files.eaf import Eaf, Media, Tier, read_eaf
from terminal.errors import UserError

SHOWN = 12              # tiers that an error names


@dataclass(frozen=True)
class ElanTier:
    tier: Tier
    notes: Tuple[str, ...] = ()         # what must be said of it
    origin: float = 0.0                 # second of the video that is the annotation's 0


def is_elan(text: str) -> bool:
    return text.lower().endswith(".eaf")


def elan_tier(flag: str, path: Path, name: str, video: str, texts: bool) -> ElanTier:
    """flag: that names the file. name: the tier's; empty where only one will do.

    video: the name of the file that is annotated, empty: unknown. texts: whether a tier without any will not do.
    """
    try:
        eaf = read_eaf(path)
    except OSError as error:
        raise UserError(f"{flag} {path}: can't be read ({error.strerror}); give an ELAN file (.eaf)") from None
    except UserError as error:
        raise UserError(f"{flag} {error}") from None
    tier = _chosen(eaf, flag, path, name, texts)
    notes = []
    overlaps = sum(after.start < before.stop - 1e-6 for before, after in zip(tier.intervals, tier.intervals[1:]))
    if overlaps:
        notes.append(f"{path.name}: in tier {tier.name} {overlaps} intervals begin before the previous one ends; they "
                     "are read in the order in which they begin")
    linked = [_file(media) for media in eaf.media]
    origin = next((media.origin for media in eaf.media if _file(media) == video), 0.0)
    if video and linked and video not in linked:
        notes.append(f"{path.name} belongs to {', '.join(linked)}, not to {video}: its times are used as they are")
    return ElanTier(tier, tuple(notes), origin)


def _file(media: Media) -> str:
    return PurePosixPath(unquote(media.url or media.relative).replace("\\", "/")).name


def _chosen(eaf: Eaf, flag: str, path: Path, name: str, texts: bool) -> Tier:
    fitting = [tier for tier in eaf.tiers if any(interval.text or not texts for interval in tier.intervals)]
    having = ", ".join(f"{tier.name} ({len(tier.intervals)})" for tier in fitting[:SHOWN]) or (
        "none that has " + ("texts" if texts else "intervals"))
    having += f" and {len(fitting) - SHOWN} more" if len(fitting) > SHOWN else ""
    asks, names = ("has the glosses", "--tier") if texts else ("has the segments", f"{flag} {path.name} TIER")
    if not name:
        if len(fitting) != 1:
            raise UserError(f"{flag} {path}: which tier {asks}? name it with {names}; it has {having}"
                            f"{_spans(eaf.tiers) if texts else ''}")
        return fitting[0]
    named = [tier for tier in eaf.tiers if normalize("NFC", tier.name) == normalize("NFC", name)]
    if not named:
        raise UserError(f"{'--tier' if texts else flag} {name}: {path} has no such tier; it has {having}")
    if named[0] not in fitting:
        raise UserError(f"{'--tier' if texts else flag} {name}: {path} has {len(named[0].intervals)} intervals in it"
                        f"{' and no gloss in any' if texts else ''}; name a tier with "
                        f"{'glosses' if texts else 'intervals'}, of {having}{_spans(named) if texts else ''}")
    return named[0]


def _spans(tiers: Sequence[Tier]) -> str:
    """What tiers without texts are good for: segmenters leave such ones."""
    empty = [tier.name for tier in tiers if tier.intervals and not any(interval.text for interval in tier.intervals)]
    return (f". Intervals without glosses ({', '.join(empty[:SHOWN])}) tell when, not what: main.py --segments "
            "FILE.eaf TIER reads each of them as a clip of its own") if empty else ""
