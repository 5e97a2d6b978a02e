"""The page of a restored clip: what was done, how near it comes, and the film."""
from typing import List, Sequence

from records.damage import read_damage
from records.restoring import RestoredRecord
from reports.page import page

WARNING = ("Pixels of hands and face are invented: drawn from what a prior has seen of other people, so that they "
           "agree with what was measured. They are no evidence of what was signed.")


def restored_page(record: RestoredRecord, film: str, sheet: bytes) -> str:
    """film: its file, beside the page. sheet: JPEG of a few crops, before and after."""
    facts = told(record)
    return page("restored.html", ("base.css", "restored.css"), ("restored.js",), f"{record.sequence}, restored",
                {"sequence": record.sequence, "warning": WARNING, "facts": facts, "film": film},
                {"sheet": [sheet]}, "\n".join([record.sequence, WARNING, *map(": ".join, facts)]), films=True)


def told(record: RestoredRecord) -> List[Sequence[str]]:
    """What is said of it, each with its name."""
    settings = record.settings
    crops = ", ".join(f"{part} in {count}" for part, count in record.crops.items())
    rows: List[Sequence[str]] = [
        ("Source", record.source),
        ("Assumed damage", read_damage(str(settings["damage"])).words
         + (", applied for this trial" if record.trial else "")),
        ("Restored", f"of {record.frames} frames {crops}"),
        ("Agreement", f"damaged again, restored frames differ from what was measured by {record.disagreement:.2f} of "
                      f"255 (root mean square); its noise is taken to be {settings['noise']:g}"),
        ("Drawn", f"in {settings['steps']} steps from seed {settings['seed']}, by the prior "
                  f"{str(settings['prior'])[:12]}")]
    return rows + ([("Against the sharp clip", record.trial.line)] if record.trial else [])
