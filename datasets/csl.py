from pathlib import Path
from typing import List, Tuple

from datasets.corpus import Row
from datasets.layout import Corpus
from glosses.vocabulary import GlossVocabulary, in_string_order


class CSL(Corpus):
    """The Chinese corpus of 2015, of which only what the CSLR code bases write is read."""

    name = "csl"
    folder = "CSL"
    preprocessed = "CSL"
    classes = 180
    folds_case = True

    def patterns(self, row: Row, split: str, size: str) -> List[Tuple[Path, str]]:
        pattern = row.folder if "*" in row.folder else f"{row.folder}/*.jpg"
        return [(self.root / "features" / size, pattern)]

    def numbered(self) -> GlossVocabulary:
        """It has no test split."""
        return in_string_order(row.glosses for split in self.splits() for row in self.read(split))
