import logging
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Union

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate
from torch.utils.data import Dataset

from datasets.clip import Clip
from datasets.corpora import open_corpus
from datasets.corpus import Row
from datasets.fingerprint import stamp
from datasets.heatmaps import HeatmapCache, render, stored
from datasets.layout import SQUARE, TALL, Corpus
from glosses.vocabulary import GlossVocabulary
from poses.whole_body import KeypointStore
from terminal.errors import UserError

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
log = logging.getLogger(__name__)


class PhoenixVideoTextDataset(Dataset):
    """A corpus as it lies on disk, whichever is found at the root. Items are tensors; `clip` gives what the recognisers
    take."""

    def __init__(self, root: Union[str, Path, Corpus], split: str, seq_ids: Optional[Sequence[str]] = None,
                 frame_skip: int = 1, crop_size: int = 224, pose_cache_dir: Optional[Union[str, Path]] = None) -> None:
        if frame_skip < 1:
            raise UserError(f"frame_skip {frame_skip}: expected 1 for every frame, 2 for every other, and so on")
        self.files = root if isinstance(root, Corpus) else open_corpus(root)
        self.split = split
        self.rows: List[Row] = self.files.rows(split, seq_ids)
        self.frame_skip = frame_skip
        self.crop_size = crop_size
        self.keypoints = KeypointStore(self.files.keypoints)
        self.cache = HeatmapCache(Path(pose_cache_dir) if pose_cache_dir else self.files.heatmaps)
        self._told = False      # that heat maps can't be kept
        self._vocabulary: Optional[GlossVocabulary] = None

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Dict[str, Any]:
        """`rgb` float32 [T, 3, crop, crop], `pose` float32 [T, 2, crop, crop] or None where the dataset has no
        keypoints, `gloss` int64 [L], `length` the number of frames on disk before any were skipped."""
        row = self.rows[index]
        paths = self.files.need_frames(row, self.split)
        frames = self.files.decode(paths[::self.frame_skip])
        pose = self._pose(row, len(paths), frames.shape[1:3]) if self.keypoints else None
        return {"rgb": self._rgb(row, frames), "pose": pose, "gloss": self._gloss(row), "length": len(paths)}

    def clip(self, index: int, tall: Optional[bool] = None, keypoints: Optional[bool] = None) -> Clip:
        """The raw clip. Tall frames and keypoints: True to insist on them, False to save the time, None if there."""
        row = self.rows[index]
        paths = self.files.need_frames(row, self.split)
        taken = slice(None, None, self.frame_skip)
        tall_paths = [] if tall is False else self.files.frames(row, self.split, TALL)
        if tall:
            tall_paths = self.files.need_frames(row, self.split, TALL)
        if tall_paths and len(tall_paths) != len(paths):
            raise UserError(f"'{row.seq_id}' has {len(paths)} frames of {SQUARE} and {len(tall_paths)} of {TALL} "
                            f"in {self.files.root / 'features'}; expected the same number; unpack them again")
        points = self._keypoints(row, len(paths), keypoints)
        frames, whole = self.files.pictures(paths[taken])
        return Clip(row.seq_id, self.split, frames, row.glosses, None if points is None else points[taken],
                    self.files.decode(tall_paths[taken]) if tall_paths else None, row.signer,
                    rule=self.files.rule, whole=whole)

    def fingerprint(self, index: int, tall: bool) -> Dict[str, str]:
        """What a clip is read from, told cheaply: when it is another, the clip may be too."""
        row = self.rows[index]
        read = {"annotation": " ".join(row.glosses), "signer": row.signer, "folder": row.folder,
                "frames": stamp(self.files.frames(row, self.split)),
                "keypoints": stamp([self.keypoints.pickle] if self.keypoints else [])}
        return {**read, "tall frames": stamp(self.files.frames(row, self.split, TALL))} if tall else read

    def _keypoints(self, row: Row, frames: int, wanted: Optional[bool]) -> Optional[np.ndarray]:
        if wanted:
            return self.keypoints.read(row.seq_id, frames)
        return self.keypoints.find(row.seq_id, frames) if wanted is None and self.keypoints else None

    def _rgb(self, row: Row, frames: np.ndarray) -> Tensor:
        height, width = frames.shape[1:3]
        if min(height, width) < self.crop_size:
            raise UserError(f"'{row.seq_id}' has frames of {width}x{height} pixels, too small for a crop of "
                            f"{self.crop_size}; give a smaller crop_size")
        rgb = self._crop(torch.from_numpy(frames).permute(0, 3, 1, 2))
        rgb = rgb.to(torch.float32, memory_format=torch.contiguous_format)
        mean, std = (torch.tensor(values).view(3, 1, 1) for values in (IMAGENET_MEAN, IMAGENET_STD))
        return rgb.div_(255).sub_(mean).div_(std)

    def _pose(self, row: Row, length: int, size: Sequence[int]) -> Tensor:
        keypoints = self.keypoints.read(row.seq_id, length)
        maps = self.cache.read(row.seq_id, keypoints)
        if maps is None:
            maps = stored(render(keypoints))
            try:
                self.cache.write(row.seq_id, maps, keypoints)
            except OSError as error:
                if not self._told:
                    log.warning("%s: heat maps can't be kept there (%s) and are made again each time; give another "
                                "pose_cache_dir", self.cache.folder, error.strerror)
                self._told = True
        taken = torch.from_numpy(maps[::self.frame_skip].astype(np.float32))
        return self._crop(interpolate(taken, tuple(size), mode="bilinear", align_corners=False)).contiguous()

    def _crop(self, frames: Tensor) -> Tensor:
        """The middle of [..., H, W]."""
        top, left = ((side - self.crop_size) // 2 for side in frames.shape[-2:])
        return frames[..., top:top + self.crop_size, left:left + self.crop_size]

    def _gloss(self, row: Row) -> Tensor:
        if row.glosses and self._vocabulary is None:
            self._vocabulary = self.files.file_vocabulary()
        ids = self._vocabulary.encode(row.glosses) if self._vocabulary and row.glosses else []
        return torch.tensor(ids, dtype=torch.int64)
