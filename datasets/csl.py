from pathlib import Path
from typing import List, Tuple

from datasets.corpus import Row
from datasets.layout import Corpus


class CSL(Corpus):
    """The Chinese corpus of 2015, of which only what the CSLR code bases write is read."""

    name = "csl"
    folder = "CSL"
    preprocessed = "CSL"
    classes = 180
    folds_case = True

    def patterns(self, row: Row, split: str, size: str) -> List[Tuple[Path, str]]:
        return [(self.root / "features" / size, f"{row.folder}/*.jpg")]
