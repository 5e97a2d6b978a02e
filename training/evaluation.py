"""Reading a split, and how many of its glosses were read right."""
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

import torch

from datasets.clip import Clip
from datasets.phoenix import PhoenixVideoTextDataset
from files.atomic import atomic_file
from glosses import ctc
from glosses.rules import Rule
from glosses.wer import WER
from models.recogniser import Recogniser
from records.sequence import Certainty
from results.certainty import certainty
from terminal.errors import UserError
from training.collate import pad_edges


@dataclass(frozen=True)
class Reading:
    name: str
    truth: Tuple[str, ...]          # empty where there is no annotation
    hypothesis: Tuple[str, ...]
    sure: Optional[Certainty] = None


def score(readings: Sequence[Reading], rule: Rule) -> WER:
    """Over the clips that are annotated."""
    return rule.total((reading.truth, reading.hypothesis) for reading in readings if reading.truth)


def write_hypotheses(path: Path, readings: Sequence[Reading], rule: Rule) -> None:
    """One clip a line: id, what was read, what is true; both as the rule compares them."""
    lines = ["id|hypothesis|truth"]
    lines += [f"{reading.name}|{rule.reading(' '.join(reading.hypothesis))}|{rule.truth(' '.join(reading.truth))}"
              for reading in sorted(readings, key=lambda reading: reading.name)]
    with atomic_file(path) as draft:
        draft.write_text("\n".join(lines) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class ReadBatch:
    readings: Dict[str, List[List[Reading]]]    # by model, a list a width
    broken: Dict[str, str]                  # clips that can't be read, and why
    clips: int                              # of both kinds


def read_split(recognisers: Mapping[str, Recogniser], dataset: PhoenixVideoTextDataset, indices: Sequence[int],
               batch: int, widths: Sequence[Optional[int]]) -> Iterator[ReadBatch]:
    """What each model reads in these clips, a batch at a time; the next one is decoded meanwhile.

    widths: of beams, 1 is greedy and None the authors' own.
    """
    groups = [indices[start:start + batch] for start in range(0, len(indices), batch)]
    with ThreadPoolExecutor(1) as pool:
        coming = [pool.submit(_clips, dataset, group) for group in groups[:1]]
        for number, group in enumerate(groups):
            clips, broken = coming.pop().result()
            coming += [pool.submit(_clips, dataset, group) for group in groups[number + 1:number + 2]]
            readings = {name: read_batch(recogniser, clips, widths, broken) for name, recogniser in recognisers.items()}
            yield ReadBatch(readings, broken, len(group))


def _clips(dataset: PhoenixVideoTextDataset, indices: Sequence[int]) -> Tuple[List[Clip], Dict[str, str]]:
    clips: List[Clip] = []
    broken: Dict[str, str] = {}
    for index in indices:
        try:
            clips.append(dataset.clip(index))
        except UserError as error:
            broken[dataset.rows[index].seq_id] = str(error)
    return clips, broken


@torch.no_grad()
def read_batch(recogniser: Recogniser, clips: Sequence[Clip], widths: Sequence[Optional[int]], broken: Dict[str, str]
               ) -> List[List[Reading]]:
    """A list a width. Whole clips, however long, as both authors evaluate. Shorter ones are held at their last frame.

    Those that the model can't take join the broken.
    """
    taken: List[Clip] = []
    prepared: List[Tuple[torch.Tensor, ...]] = []
    for clip in clips:
        try:
            prepared.append(recogniser.prepare(clip).tensors)
            taken.append(clip)
        except UserError as error:
            broken[clip.seq_id] = str(error)
    if not taken:
        return [[] for _ in widths]
    lengths = torch.tensor([tensors[0].shape[2] for tensors in prepared])       # [1, C, T, H, W]
    longest = int(lengths.max())
    stacked = (torch.stack([pad_edges(tensor[0].transpose(0, 1), 0, longest).transpose(0, 1) for tensor in tensors])
               for tensors in zip(*prepared))
    outputs = recogniser.network(*stacked, lengths.to(recogniser.device))
    return [[_reading(recogniser, clip, logits[:steps], width)
             for clip, logits, steps in zip(taken, outputs["logits"], outputs["lengths"].tolist())] for width in widths]


def _reading(recogniser: Recogniser, clip: Clip, logits: torch.Tensor, beam: Optional[int]) -> Reading:
    ids, blank = recogniser.decode_ids(logits, beam), recogniser.vocabulary.blank
    values = logits.float().cpu().numpy()
    scores = [span.score for span in ctc.align(ctc.log_softmax(values), ids, blank)]
    return Reading(clip.seq_id, clip.glosses, recogniser.vocabulary.decode(ids), certainty(values, scores, blank))
