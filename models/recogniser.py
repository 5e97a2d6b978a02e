import math
from typing import Any, Dict, List, Optional, Sequence, Tuple

from torch import Tensor

from datasets.clip import Clip
from geometry.viewport import Viewport
from glosses import ctc
from glosses.vocabulary import GlossVocabulary
from models.contract import Explainable, Inputs, Probe
from records.question import Question

__all__ = ["Inputs", "Probe", "Recogniser"]


class Recogniser(Explainable):
    """A continuous sign-language recogniser, as everything downstream sees it. Its output is logits [B, T', V];
    softmax over V gives what is decoded."""

    takes_whole_frames = False                          # all that was filmed, where a corpus's frames were cut from it
    default_method: Optional[str] = None                # where the user names neither method nor layers
    longest: Optional[int] = None                       # frames it takes at once, where its authors set a limit
    frame_by_frame = False                              # its backbone sees each frame alone
    frames_apart = False                                # its input is [B, C, T, H, W], each frame of it made of
    #                                                     one of the clip's
    side_by_side = False                                # whether threads may read with it at once
    staged: Optional[str] = None                        # the part of its network that has `levels`, and all of
    #                                                     them as `early`
    together = True                                     # the clips of a batch go through its layers at once
    cuts = True                                         # whether a long clip may be read in windows
    reads_whole = False                                 # each step depends on the whole clip: a window is another clip
    factors: Tuple[str, ...] = ()                       # layers on grids that joint maps multiply: each stream's stages
    #                                                     but the deepest, whose cells are too large to point anywhere
    rests = False                                       # some of its parameters never run, in training neither

    def __init__(self, architecture: Dict[str, Any], vocabulary: GlossVocabulary) -> None:
        super().__init__(architecture)
        self.vocabulary = vocabulary
        self.beam_width: int = architecture["beam"]     # as its authors decode
        self.window: int = architecture["window"]       # frames; longer clips are cut into overlapping windows

    def shown(self, part: Optional[Viewport], framing: str) -> None:
        """Called once it is known whose clips it is given: what of all that was filmed their frames show, where they
        were cut from it, and what must be said of that."""
        if part is not None and self.takes_whole_frames:
            self.viewport = self.viewport.within(part)
        self.notes += (framing,) if framing else ()

    def clip_notes(self, clip: Clip) -> Tuple[str, ...]:
        """What must be said of how it reads this clip."""
        return ()

    def loaded(self) -> None:
        """Called once a checkpoint's weights are in place, for what a network thinks of them."""

    def method_for(self, question: Question) -> str:
        """The method asked for; else the network's own, or, of layers that are named, the usual one."""
        own = self.default_method if question.layers is None else None
        return question.method or own or question.usual_method

    @property
    def gloss_layers(self) -> Tuple[str, ...]:
        """Where glosses are explained on their own: the deepest layer with space of each stream, and the fused ones."""
        return tuple([name for name in self.default_layers if self.layers[name].spatial][-1:])

    def steps(self, frames: int) -> int:
        """Logit steps for a clip of so many frames, read in windows if it is long."""
        raise NotImplementedError(type(self).__name__)

    @property
    def frames_per_step(self) -> int:
        """Frames from one logit step to the next."""
        spec: Sequence[str] = self.network.kernel_spec  # type: ignore[assignment]
        return math.prod(int(entry[1:]) for entry in spec if entry[0] == "P")

    def decode_ids(self, logits: Tensor, beam: Optional[int] = None) -> List[int]:
        """logits [T', V] -> gloss ids, equal neighbours merged. beam 1 is greedy, None the authors' width."""
        log_probs = logits.detach().cpu().double().log_softmax(-1).numpy()
        return ctc.decode(log_probs, self.beam_width if beam is None else beam, self.vocabulary.blank)

    def decode(self, logits: Tensor, beam: Optional[int] = None) -> Tuple[str, ...]:
        """logits [T', V] -> glosses."""
        return self.vocabulary.decode(self.decode_ids(logits, beam))
