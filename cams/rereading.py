"""A clip read again and again, each time with something else of it hidden: what is scored stays as it was."""
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, List, Optional, Sequence, Tuple, Union

import numpy as np
import torch
from torch import Tensor

from cams.changed_places import changed_places
from cams.frames_once import frames_once
from cams.memory import BatchSize, out_of_memory
from cams.one_pass import at_least_float32, evaluating
from cams.side_by_side import lanes, side_by_side
from cams.usual import Usual
from datasets.clip import Clip
from datasets.windows import average_windows
from models.contract import Inputs
from models.float32 import full_float32
from models.reading import cut
from models.recogniser import Recogniser
from terminal.errors import UserError

Tell = Callable[[int, int], None]               # readings done, of how many
Version = Callable[[], Clip]                    # made when it is read, and no sooner
Ready = Callable[[], Union[Clip, Inputs]]       # the same, or prepared already, where one window holds all of it
Score = Callable[[Tensor], np.ndarray]          # logits [steps, V] of the whole clip -> [scores]
Spans = Sequence[Tuple[int, int]]


def reread(recogniser: Recogniser, versions: Sequence[Ready], frames: int, window: int, score: Score,
           tell: Tell, dtype: Optional[torch.dtype] = None, usual: Optional[Usual] = None) -> np.ndarray:
    """float64 [versions, scores]. dtype: of half precision, where that was asked for; small differences drown in its
    rounding, and so the default is float32.

    window: frames that are read at once; longer clips are read in windows, as ever. tell hears of each batch read.
    usual: the clip that most of each version is the same as, where there is one, of one window: that much is not
    prepared again, and no more of it read than must be.
    """
    cuts = cut(recogniser, frames, window)
    size = BatchSize(recogniser.device, min(frames, window))
    scores: List[np.ndarray] = []
    rounded = torch.autocast(recogniser.device.type, dtype=dtype) if dtype is not None else full_float32()
    with torch.no_grad(), rounded, evaluating(recogniser), frames_once(recogniser, len(cuts)), \
            changed_places(recogniser, usual), ThreadPoolExecutor(1) as ahead:
        def prepare(first: int, stop: int) -> List[Inputs]:
            return _prepared(usual or recogniser, versions[first:stop], cuts)

        def logits_of(first: int, stop: int) -> List[Tensor]:
            with torch.no_grad():               # each thread has its own
                return _read(recogniser, prepare(first, stop), cuts)

        count = lanes(recogniser) if dtype is None else 1
        for batch in side_by_side(count, logits_of, len(versions), size.count) if count > 1 else ():
            scores += [score(logits) for logits in batch]
            tell(len(scores), len(versions))
        upcoming = ahead.submit(prepare, len(scores), len(scores) + size.count)
        while len(scores) < len(versions):
            inputs, failure = upcoming.result(), ""
            stop = len(scores) + len(inputs[0].tensors[0])
            upcoming = ahead.submit(prepare, stop, stop + size.count)
            try:
                scores += [score(logits) for logits in _read(recogniser, inputs, cuts)]
                size.read()
                tell(len(scores), len(versions))
            except RuntimeError as error:
                if not out_of_memory(error):
                    raise
                failure = str(error).splitlines()[0][:120]
            if failure:                         # out here the exception no longer holds what it had
                del inputs
                if not size.halve():
                    raise UserError(f"out of memory with one clip at once; use a larger device ({failure})")
                upcoming.result()
                upcoming = ahead.submit(prepare, len(scores), len(scores) + size.count)
    return np.array(scores, np.float64)


def _prepared(by: Union[Recogniser, Usual], versions: Sequence[Ready], cuts: Spans) -> List[Inputs]:
    """A batch for each window; nothing of no versions."""
    with torch.no_grad():
        made = [version() for version in versions]
        return [Inputs.batch([each if isinstance(each, Inputs) else by.prepare(each.window(*span)) for each in made])
                for span in cuts if made]


def _read(recogniser: Recogniser, inputs: Sequence[Inputs], cuts: Spans) -> List[Tensor]:
    """Logits [steps, V] on the CPU of each clip; all are of one length."""
    parts = [at_least_float32(recogniser(each)).cpu() for each in inputs]      # of each window [clips, T', V]
    if len(cuts) == 1:
        return list(parts[0])
    return [torch.from_numpy(average_windows([part[index].numpy() for part in parts], cuts,
                                             recogniser.frames_per_step)) for index in range(len(parts[0]))]
