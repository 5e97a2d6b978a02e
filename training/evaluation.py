"""Reading a split, and how many of its glosses were read right."""
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

import torch

from datasets.clip import Clip
from datasets.phoenix import PhoenixVideoTextDataset
from glosses.wer import WER, Clean, clean, raw_wer, wer
from models.recogniser import Recogniser
from training.collate import pad_edges


@dataclass(frozen=True)
class Reading:
    name: str
    truth: Tuple[str, ...]          # empty where there is no annotation
    hypothesis: Tuple[str, ...]


def score(readings: Sequence[Reading], clean: Clean = clean) -> WER:
    """Over the clips that are annotated, cleaned as their corpus is."""
    known = [reading for reading in readings if reading.truth]
    return wer([" ".join(reading.truth) for reading in known], [" ".join(reading.hypothesis) for reading in known],
               clean)


def score_raw(readings: Sequence[Reading]) -> WER:
    """Over the glosses as they stand."""
    known = [reading for reading in readings if reading.truth]
    return raw_wer([" ".join(reading.truth) for reading in known],
                   [" ".join(reading.hypothesis) for reading in known])


def write_hypotheses(path: Path, readings: Sequence[Reading], clean: Clean = clean) -> None:
    """One clip a line: id, what was read, what is true; both cleaned as they were counted."""
    lines = ["id|hypothesis|truth"]
    lines += [f"{reading.name}|{clean(' '.join(reading.hypothesis))}|{clean(' '.join(reading.truth))}"
              for reading in sorted(readings, key=lambda reading: reading.name)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_split(recognisers: Mapping[str, Recogniser], dataset: PhoenixVideoTextDataset, indices: Sequence[int],
               batch: int, beam: Optional[int]) -> Iterator[Dict[str, List[Reading]]]:
    """What each model reads in these clips, a batch at a time; the next one is decoded meanwhile."""
    groups = [indices[start:start + batch] for start in range(0, len(indices), batch)]
    with ThreadPoolExecutor(1) as pool:
        coming = [pool.submit(_clips, dataset, group) for group in groups[:1]]
        for number in range(len(groups)):
            clips = coming.pop().result()
            coming += [pool.submit(_clips, dataset, group) for group in groups[number + 1:number + 2]]
            yield {name: read_batch(recogniser, clips, beam) for name, recogniser in recognisers.items()}


def _clips(dataset: PhoenixVideoTextDataset, indices: Sequence[int]) -> List[Clip]:
    return [dataset.clip(index) for index in indices]


@torch.no_grad()
def read_batch(recogniser: Recogniser, clips: Sequence[Clip], beam: Optional[int]) -> List[Reading]:
    """Whole clips, however long, as both authors evaluate. Shorter ones are held at their last frame."""
    prepared = [recogniser.prepare(clip).tensors for clip in clips]
    lengths = torch.tensor([tensors[0].shape[2] for tensors in prepared])       # [1, C, T, H, W]
    longest = int(lengths.max())
    stacked = (torch.stack([pad_edges(tensor[0].transpose(0, 1), 0, longest).transpose(0, 1) for tensor in tensors])
               for tensors in zip(*prepared))
    outputs = recogniser.network(*stacked, lengths.to(recogniser.device))
    return [Reading(clip.seq_id, clip.glosses, recogniser.decode(logits[:steps], beam))
            for clip, logits, steps in zip(clips, outputs["logits"], outputs["lengths"].tolist())]
