"""A corpus on disk, whichever it is: the sequences of a split, what is signed in them, and where their frames lie."""
from functools import partial
from pathlib import Path
from typing import List, Optional, Sequence, Tuple

import numpy as np

from datasets.clip import Whole
from datasets.corpus import INFO, PHOENIX, Row, Table, read_corpus, select, splits
from datasets.frames import decode_frames, find_frames
from files.restored_mark import INVENTED, is_restored
from files.workspace import REPOSITORY, Workspace
from geometry.viewport import Viewport
from glosses.rules import COMMON, Rule
from glosses.vocabulary import GlossVocabulary, in_string_order, load_gloss2ids, load_gloss_dict
from terminal.errors import UserError

SQUARE, TALL = "fullFrame-256x256px", "fullFrame-210x260px"     # two sizes of the same frames, width first
SPLITS = ("train", "dev", "test")


class Corpus:
    """A further one is a file with its class, and a line in datasets/corpora.py.

    Its rows come from its own tables, or from the {split}_info.npy that every CSLR code base writes.
    """

    name: str                       # as --dataset has it
    folder: str                     # of the workspace's data/, where no other root is named
    preprocessed: str               # what the code bases call the folder of their {split}_info.npy and gloss_dict.npy
    classes: int                    # of its published checkpoints, with the blank
    folds_case: bool                # TwoStream-SLR's authors take its glosses in small letters, and read in capitals
    table: Table = PHOENIX

    def __init__(self, root: Path, workspace: Optional[Workspace] = None, info: Optional[Path] = None) -> None:
        """info: the folder of the {split}_info.npy and gloss_dict.npy to take, and no other source."""
        self.root = Path(root)
        self.info = info
        roots = (self.root, (workspace or Workspace()).root, REPOSITORY)
        self._preprocessed = [folder / "preprocess" / self.preprocessed for folder in dict.fromkeys(roots)]

    @property
    def rule(self) -> Rule:
        """By which all networks are compared on it, and glosses one by one."""
        return COMMON[self.name]

    @classmethod
    def lies_at(cls, root: Path) -> bool:
        """Whether this corpus's own tables, or what the code bases wrote of it, lie under a data root."""
        tables = (root / "annotations" / "manual").glob(cls.table.file.format("[a-z]*"))
        return any(True for _ in tables) or any((root / "preprocess" / cls.preprocessed).glob(INFO.format("*")))

    @property
    def annotations(self) -> Path:
        return self.root / "annotations" / "manual"

    @property
    def keypoints(self) -> Path:
        return self.root / "keypoints" / "keypoints.pkl"

    @property
    def heatmaps(self) -> Path:
        return self.root / "keypoints" / "heatmaps"

    def gloss_ids_of(self, model: str) -> Path:
        """gloss2ids.pkl, which lies beside the corpora or one folder up; a model's own MODEL_gloss2ids.pkl goes before
        it, as two authors number the same glosses apart."""
        return self._ids_file((f"{model}_gloss2ids.pkl", "gloss2ids.pkl"), "its authors publish")

    def _ids_file(self, names: Sequence[str], whose: str) -> Path:
        folders = [folder / name for name in names for folder in (self.annotations, self.annotations.parent)]
        for folder in folders:
            if folder.is_file():
                return folder
        raise UserError(f"{folders[-2]} does not exist; expected the dict of gloss -> id that {whose}; put it there")

    def rows(self, split: str, seq_ids: Optional[Sequence[str]] = None) -> List[Row]:
        """The split's rows, or those named, without a look at any frame."""
        rows = self.read(split)
        if not rows:
            raise UserError(f"the corpus of split '{split}' in {self.source(split)} has no rows; expected at least "
                            "one; give the published one, or another split")
        others = {other: partial(self.read, other) for other in self.splits() if other != split}
        return select(rows, seq_ids, split, self.source(split), others)

    def training_rows(self, split: str) -> List[Row]:
        """Those that are trained on, and whose glosses are numbered."""
        return self.read(split)

    def splits(self) -> List[str]:
        return list(dict.fromkeys(split for folder in self._folders() for split in splits(folder, self.table)))

    def read(self, split: str) -> List[Row]:
        return read_corpus(self.source(split), split, self.table)

    def source(self, split: str) -> Path:
        """The folder that has the split's rows."""
        folders = self._folders()
        for folder in folders:
            names = [INFO] if self.info else [self.table.file, INFO]
            if any((folder / name.format(split)).is_file() for name in names):
                return folder
        if self.info:
            raise UserError(f"{self.info / INFO.format(split)}: no such file; expected the folder of the preprocessed "
                            "splits")
        if not self.annotations.is_dir():
            raise UserError(self._no_dataset())
        return folders[0]

    def frames(self, row: Row, split: str, size: str = SQUARE) -> List[Path]:
        """Frame files in order; none where this size was not unpacked."""
        for folder, pattern in self.patterns(row, split, size):
            files = find_frames(folder, pattern)
            if files:
                return files
        return []

    def patterns(self, row: Row, split: str, size: str) -> List[Tuple[Path, str]]:
        """Where to look for frames: (folder, pattern in it), the first that has any counts."""
        return [(self.root / "features" / size / split, row.folder)]

    def need_frames(self, row: Row, split: str, size: str = SQUARE) -> List[Path]:
        paths = self.frames(row, split, size)
        if not paths:
            looked = " or ".join(str(folder / pattern) for folder, pattern in self.patterns(row, split, size))
            raise UserError(f"'{row.seq_id}' has no frames: expected files {looked}; unpack them there")
        if is_restored(paths[0].parent):
            raise UserError(f"{paths[0].parent}: restored by restore.py: {INVENTED}, and nothing is measured or learnt "
                            "from them; put the corpus's own frames there, or read these with main.py --video FOLDER "
                            "--restored")
        return paths

    def decode(self, paths: Sequence[Path], whole: bool = False) -> np.ndarray:
        """uint8 [T, H, W, 3] RGB, as the published networks are fed from. whole: those trained on all that was filmed.
        """
        return decode_frames(paths)

    def pictures(self, paths: Sequence[Path]) -> Tuple[np.ndarray, Optional[Whole]]:
        """The frames, and all that was filmed where they are cut from it as they are read."""
        return self.decode(paths), None

    def part_shown(self) -> Optional[Viewport]:
        """What of all that was filmed the frames show, where they are cut from it as they are read."""
        return None

    def framing(self, whole: bool) -> str:
        """What must be said of the frames that a network is fed. whole: it was trained on all that was filmed."""
        return ""

    def vocabulary(self) -> GlossVocabulary:
        """As the CSLR code bases number the classes: theirs where there is one, else numbered anew."""
        for folder in self._folders():
            if (folder / "gloss_dict.npy").is_file():
                return load_gloss_dict(folder / "gloss_dict.npy")
        return self.numbered()

    def file_vocabulary(self, model: str = "twostream") -> GlossVocabulary:
        """As the gloss2ids.pkl of a model's authors numbers the classes."""
        return self.cased(load_gloss2ids(self.gloss_ids_of(model)))

    def cased(self, vocabulary: GlossVocabulary) -> GlossVocabulary:
        """One from such a file, its glosses found and read as its authors do."""
        return vocabulary.folded() if self.folds_case else vocabulary

    def numbered(self) -> GlossVocabulary:
        return in_string_order(row.glosses for split in SPLITS for row in self.training_rows(split))

    def _folders(self) -> List[Path]:
        return [self.info] if self.info else [self.annotations, *self._preprocessed]

    def _no_dataset(self) -> str:
        nested = [path.parent for path in sorted(self.root.glob("*/annotations"))]
        advice = f"did you mean {nested[0]}?" if nested else "give the dataset's folder as --data-root"
        return f"no dataset at {self.root}: expected {self.annotations} with the split's corpus; {advice}"
