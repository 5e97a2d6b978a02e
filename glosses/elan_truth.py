"""What is signed, from a tier of an ELAN file: the segmenters' SIGN and SENTENCE, a corpus's glosses, or your own."""
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import List, Tuple
from unicodedata import normalize
from urllib.parse import unquote

from files.eaf import Eaf, Media, Tier, read_eaf
from terminal.errors import UserError

SHOWN = 12              # tiers that an error names


@dataclass(frozen=True)
class ElanTruth:
    tier: Tier
    notes: Tuple[str, ...] = ()         # what must be said of it
    origin: float = 0.0                 # second of the video that is the annotation's 0

    def glosses(self, start: float = float("-inf"), stop: float = float("inf")) -> Tuple[str, ...]:
        """Those whose middle lies in these seconds of the video, in the order in which they begin."""
        inside = (each for each in self.tier.intervals
                  if start <= self.origin + (each.start + each.stop) / 2 < stop)
        return tuple(word for each in inside for word in each.text.split())


def is_elan(text: str) -> bool:
    return text.lower().endswith(".eaf")


def elan_truth(path: Path, tier: str = "", video: str = "") -> ElanTruth:
    """tier: its name, empty where only one has texts; video: the name of the file that is annotated, empty: unknown."""
    try:
        eaf = read_eaf(path)
    except OSError as error:
        raise UserError(f"--truth {path}: can't be read ({error.strerror}); give an .eaf of ELAN's") from None
    except UserError as error:
        raise UserError(f"--truth {error}") from None
    found, name = _chosen(eaf, tier, path), path.name
    notes: List[str] = []
    later = zip(found.intervals, found.intervals[1:])
    overlaps = sum(after.start < before.stop - 1e-6 for before, after in later)
    if overlaps:
        notes.append(f"{name}: in tier {found.name} {overlaps} intervals begin before the one before is over; their "
                     "glosses are taken in the order in which they begin")
    empty = sum(not each.text for each in found.intervals)
    if empty:
        notes.append(f"{name}: {empty} of {len(found.intervals)} intervals of tier {found.name} have no gloss")
    linked = [_file(media) for media in eaf.media]
    origin = next((media.origin for media in eaf.media if _file(media) == video), 0.0)
    if video and linked and video not in linked:
        notes.append(f"{name} is of {', '.join(linked)}, not of {video}: its times are taken as they are")
    return ElanTruth(found, tuple(notes), origin)


def _file(media: Media) -> str:
    return PurePosixPath(unquote(media.url or media.relative).replace("\\", "/")).name


def _chosen(eaf: Eaf, name: str, path: Path) -> Tier:
    told = [tier for tier in eaf.tiers if any(each.text for each in tier.intervals)]
    having = ", ".join(f"{tier.name} ({len(tier.intervals)})" for tier in told[:SHOWN]) or "none that has texts"
    having += f" and {len(told) - SHOWN} more" if len(told) > SHOWN else ""
    if not name:
        if len(told) != 1:
            raise UserError(f"--truth {path}: which tier has the glosses? name it with --tier; it has {having}")
        return told[0]
    found = [tier for tier in eaf.tiers if normalize("NFC", tier.name) == normalize("NFC", name)]
    if not found:
        raise UserError(f"--tier {name}: {path} has no such tier; it has {having}")
    if found[0] not in told:
        raise UserError(f"--tier {name}: {path} has {len(found[0].intervals)} intervals in it and no gloss in any; "
                        f"name a tier with glosses, of {having}")
    return found[0]
