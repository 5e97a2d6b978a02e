"""CSL-Daily: everyday Chinese sign language. One list of all videos, and one of who is in which split."""
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np

from datasets.clip import Whole
from datasets.corpus import INFO, Row, Table, read_corpus
from datasets.frames import decode_frames
from datasets.layout import SPLITS, SQUARE, Corpus
from files.reading import read_text
from geometry.viewport import Viewport
from glosses.vocabulary import GlossVocabulary, in_string_order
from terminal.errors import UserError

VIDEOS, SPLIT = "video_map.txt", "split_1.txt"
# Its frames are resized whole to 256x256 by the published preparations of networks named here. In their upper 40 rows
# (80 of the 512 that were filmed) is a banner that shows no signer: SlowFastSign's loader cuts it off what it reads and
# makes the rest as large again; CorrNet, CorrNet+, SEN and SignGraph are fed it. TwoStream-SLR's loader can cut these
# 80 too. What is shown and drawn on, and what other networks are fed, is what lies below.
BANNER, SIDE = 40, 256
LOOKED_AT = 50          # clips of each split, for where frames lie
LISTS = ("", "sentence_label", "sentence", "annotations/manual", "preprocess/CSL-Daily")
SMALL, LARGE = "frames_256x256", "frames_512x512"


class CSLDaily(Corpus):
    """Its glosses are Chinese words."""

    name = "csl-daily"
    folder = "CSL-Daily"
    preprocessed = "CSL-Daily"
    classes = 2001
    folds_case = True
    table = Table(VIDEOS, "name", "", "", "gloss", "index|name|length|gloss|char|word|postag")

    @classmethod
    def lies_at(cls, root: Path) -> bool:
        return super().lies_at(root) or any((root / folder / VIDEOS).is_file() for folder in LISTS)

    def source(self, split: str) -> Path:
        videos = self._list(VIDEOS)
        if videos is not None and self._list(SPLIT) is not None:
            return videos.parent
        for folder in self._folders():
            if (folder / INFO.format(split)).is_file():
                return folder
        raise UserError(f"no CSL-Daily at {self.root}: expected {VIDEOS} and {SPLIT} in it or in its sentence_label/, "
                        f"or {INFO.format(split)}; give the dataset's folder as --data-root")

    def read(self, split: str) -> List[Row]:
        folder, videos, lists = self.source(split), self._list(VIDEOS), self._list(SPLIT)
        if videos is None or lists is None:
            return read_corpus(folder / INFO.format(split), split)
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

    def decode(self, paths: Sequence[Path], whole: bool = False) -> np.ndarray:
        frames = resized(decode_frames(paths))
        return frames if whole else without_banner(frames)

    def pictures(self, paths: Sequence[Path]) -> Tuple[np.ndarray, Optional[Whole]]:
        frames = self.decode(paths, whole=True)
        return without_banner(frames), Whole(frames, BELOW)

    def part_shown(self) -> Optional[Viewport]:
        return BELOW

    def framing(self, whole: bool) -> str:
        first = self._first_frame()
        if first is None:
            return ""
        variant = f", of {first.parent.parent.name}"
        return f"fed whole frames, banner and all{variant}" if whole else (
            f"fed frames without their banner ({BANNER} of {SIDE} rows){variant}")

    def _first_frame(self) -> Optional[Path]:
        for split in self.splits():
            for row in self.read(split)[:LOOKED_AT]:
                for path in self.frames(row, split)[:1]:
                    return path
        return None

    def _list(self, name: str) -> Optional[Path]:
        """One of the two lists, wherever it lies; none where another source was named."""
        folders = [] if self.info else [self.root / folder for folder in LISTS] + self._preprocessed
        return next((folder / name for folder in folders if (folder / name).is_file()), None)


def _members(path: Path) -> Dict[str, str]:
    """{video: split}"""
    try:
        lines = read_text(path, "utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: can't be read ({error}); expected CSL-Daily's list of name|split") from None
    pairs = [line.strip().split("|") for line in lines[1:] if line.strip()]
    odd = next((number for number, pair in enumerate(pairs, start=2) if len(pair) != 2), None)
    if odd is not None:
        raise UserError(f"{path}: line {odd} is not name|split; fix it")
    return dict(pairs)


BELOW = Viewport(top=BANNER / SIDE)


def without_banner(frames: np.ndarray) -> np.ndarray:
    """uint8 [T, 256, 256, 3] -> the same size, what lies below the banner, as SlowFastSign's loader has it."""
    import cv2

    return np.stack([cv2.resize(frame[BANNER:], (SIDE, SIDE), interpolation=cv2.INTER_LINEAR) for frame in frames])


def resized(frames: np.ndarray) -> np.ndarray:
    """uint8 [T, H, W, 3] -> [T, 256, 256, 3], as the networks' authors prepare them; those prepared as they are."""
    import cv2

    if frames.shape[1:3] == (SIDE, SIDE):
        return frames
    return np.stack([cv2.resize(frame, (SIDE, SIDE), interpolation=cv2.INTER_LANCZOS4) for frame in frames])
