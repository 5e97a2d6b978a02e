from pathlib import Path
from typing import List, Tuple

from datasets.corpus import Row, Table
from datasets.layout import Corpus


class Phoenix2014T(Corpus):
    """RWTH-PHOENIX-Weather 2014 T, with translations."""

    name = "phoenix2014-T"
    folder = "PHOENIX-2014-T"
    preprocessed = "phoenix2014-T"
    classes = 1116
    folds_case = True
    table = Table("PHOENIX-2014-T.{}.corpus.csv", "name", "video", "speaker", "orth",
                  "name|video|start|end|speaker|orth|translation")

    def patterns(self, row: Row, split: str, size: str) -> List[Tuple[Path, str]]:
        """The release has the frames in the sequence's own folder, and not one below as its tables say."""
        return [(self.root / "features" / size / split, pattern) for pattern in (f"{row.seq_id}/*.png", row.folder)]
