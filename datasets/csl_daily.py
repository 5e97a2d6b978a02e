"""CSL-Daily: everyday Chinese sign language. One list of all videos, and one of who is in which split."""
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np

from datasets.corpus import INFO, Row, Table, read_corpus
from datasets.frames import decode_frames
from datasets.layout import SPLITS, SQUARE, Corpus
from files.reading import read_text
from glosses.vocabulary import GlossVocabulary, in_string_order
from glosses.wer import as_it_is
from terminal.errors import UserError

VIDEOS, SPLIT = "video_map.txt", "split_1.txt"
BANNER = 40             # rows at the top of its 512 x 512 frames that the published loaders cut off
SIDE = 256              # what is left is resized to
LISTS = ("", "sentence_label", "sentence", "annotations/manual", "preprocess/CSL-Daily")
SMALL, LARGE = "frames_256x256", "frames_512x512"


class CSLDaily(Corpus):
    """Its glosses are Chinese words, compared as they are."""

    name = "csl-daily"
    folder = "CSL-Daily"
    preprocessed = "CSL-Daily"
    classes = 2001
    table = Table(VIDEOS, "name", "", "", "gloss", "index|name|length|gloss|char|word|postag")
    clean = staticmethod(as_it_is)

    @classmethod
    def found(cls, root: Path) -> bool:
        return super().found(root) or any((root / place / VIDEOS).is_file() for place in LISTS)

    def place(self, split: str) -> Path:
        videos = self._list(VIDEOS)
        if videos is not None and self._list(SPLIT) is not None:
            return videos.parent
        for place in self._places():
            if (place / INFO.format(split)).is_file():
                return place
        raise UserError(f"no CSL-Daily at {self.root}: expected {VIDEOS} and {SPLIT} in it or in its sentence_label/, "
                        f"or {INFO.format(split)}; give the dataset's folder as --data-root")

    def read(self, split: str) -> List[Row]:
        place, videos, lists = self.place(split), self._list(VIDEOS), self._list(SPLIT)
        if videos is None or lists is None:
            return read_corpus(place / INFO.format(split), split)
        if split not in SPLITS:
            raise UserError(f"no split '{split}' in {lists}; there are {', '.join(SPLITS)}")
        members = _members(lists)
        # A video that is in no split is trained on, as the published preprocessing has it.
        return [row for row in read_corpus(videos, split, self.table) if members.get(row.seq_id, "train") == split]

    def splits(self) -> List[str]:
        return list(SPLITS) if self._list(VIDEOS) and self._list(SPLIT) else super().splits()

    def numbered(self) -> GlossVocabulary:
        return in_string_order(row.glosses for split in SPLITS for row in self.read(split))

    def patterns(self, row: Row, split: str, size: str) -> List[Tuple[Path, str]]:
        if size != SQUARE:
            return []
        pattern = row.folder if "*" in row.folder else f"{row.folder}/*.jpg"
        folders = [self.root / part / name for name in (SMALL, f"{SMALL}px", LARGE, f"{LARGE}px")
                   for part in ("sentence", "")]
        return [(folder, pattern) for folder in (*folders, self.root)]

    def decode(self, paths: Sequence[Path]) -> np.ndarray:
        frames = decode_frames(paths)
        return frames if "256x256" in str(paths[0].resolve().parent.parent) else without_banner(frames)

    def _list(self, name: str) -> Optional[Path]:
        """One of the two lists, wherever it lies; none where another source was named."""
        places = [] if self.info else [self.root / place for place in LISTS] + self._preprocessed
        return next((place / name for place in places if (place / name).is_file()), None)


def _members(path: Path) -> Dict[str, str]:
    """{video: split}"""
    try:
        lines = read_text(path, "utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: can't be read ({error}); expected CSL-Daily's list of name|split") from None
    pairs = [line.strip().split("|") for line in lines[1:] if line.strip()]
    odd = next((number for number, pair in enumerate(pairs, start=2) if len(pair) != 2), None)
    if odd is not None:
        raise UserError(f"{path}: line {odd} is not name|split; mend it")
    return dict(pairs)


def without_banner(frames: np.ndarray) -> np.ndarray:
    """uint8 [T, H, W, 3] -> [T, 256, 256, 3]"""
    import cv2

    return np.stack([cv2.resize(frame[BANNER:], (SIDE, SIDE), interpolation=cv2.INTER_LINEAR) for frame in frames])
