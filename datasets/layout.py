"""Where PHOENIX-2014 keeps what, under the folder that holds annotations/, features/ and keypoints/."""
from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional, Sequence

from datasets.corpus import Row, read_corpus, select
from datasets.frames import find_frames
from terminal.errors import UserError

SQUARE, TALL = "256x256", "210x260"     # two sizes of the same frames, width first


@dataclass(frozen=True)
class PhoenixFiles:
    root: Path

    @property
    def annotations(self) -> Path:
        return self.root / "annotations" / "manual"

    @property
    def keypoints(self) -> Path:
        return self.root / "keypoints" / "keypoints.pkl"

    @property
    def heatmaps(self) -> Path:
        return self.root / "keypoints" / "heatmaps"

    @property
    def gloss_ids(self) -> Path:
        """gloss2ids.pkl, which lies beside the corpora or one folder up."""
        places = [folder / "gloss2ids.pkl" for folder in (self.annotations, self.annotations.parent)]
        for place in places:
            if place.is_file():
                return place
        raise UserError(f"{places[0]} does not exist; expected the dict of gloss -> id that TwoStream-SLR "
                        "publishes; put it there")

    def rows(self, split: str, seq_ids: Optional[Sequence[str]] = None) -> List[Row]:
        """The split's rows, or those named, without a look at any frame."""
        if not self.annotations.is_dir():
            raise UserError(self._no_dataset())
        rows = read_corpus(self.annotations, split)
        if not rows:
            raise UserError(f"the corpus of split '{split}' in {self.annotations} has no rows; expected at least one; "
                            "give the published one, or another split")
        return select(rows, seq_ids, split, self.annotations)

    def frames(self, row: Row, split: str, size: str = SQUARE) -> List[Path]:
        """Frame files in order; none where this size was not unpacked."""
        return find_frames(self.root / "features" / f"fullFrame-{size}px" / split, row.folder)

    def need_frames(self, row: Row, split: str, size: str = SQUARE) -> List[Path]:
        paths = self.frames(row, split, size)
        if not paths:
            raise UserError(f"'{row.seq_id}' has no frames: expected files "
                            f"{self.root / 'features' / f'fullFrame-{size}px' / split / row.folder}; unpack them there")
        return paths

    def _no_dataset(self) -> str:
        nested = [path.parent for path in sorted(self.root.glob("*/annotations"))]
        advice = f"did you mean {nested[0]}?" if nested else "give the dataset's folder as data root"
        return f"no dataset at {self.root}: expected {self.annotations} with the split's corpus; {advice}"
