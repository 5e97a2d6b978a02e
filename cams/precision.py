"""Half precision for speed, watched: gradients have to stay inside the range of the numbers that hold them."""
from typing import List, Optional

import torch
from torch import Tensor

from terminal.errors import UserError

CHOICES = ("amp", "fp32", "fp16", "bf16")
FIRST_SCALE = 2.0 ** 10
STEP = 2.0 ** 7
TRIES = 4
FAINT, STRONG = 2.0 ** -8, 2.0 ** 8     # a layer's largest scaled gradient: below FAINT, small ones are lost in float16


class Precision:
    """`fp32`, `fp16` or `bf16`; `amp` is fp16 on CUDA and bf16 on CPU, which has no fp16 arithmetic.

    In fp16 the score is multiplied by a fixed scale, divided out of the gradients in float32. A pass whose gradients
    overflow or fade is done again with another scale, then in bfloat16 where the device has it, then in float32.
    """

    def __init__(self, asked: Optional[str], device: torch.device) -> None:
        if asked is not None and asked not in CHOICES:
            raise UserError(f"precision {asked!r}: there are {', '.join(CHOICES)}")
        asked = asked or ("amp" if device.type == "cuda" else "fp32")
        if asked == "amp":
            asked = "fp16" if device.type == "cuda" else "bf16"
        if asked == "fp16" and device.type != "cuda":
            raise UserError(f"precision fp16 needs CUDA, the device is {device}; use bf16 or fp32")
        self.device = device
        self.notes: List[str] = []
        self.dtype: Optional[torch.dtype] = {"fp32": None, "fp16": torch.float16, "bf16": torch.bfloat16}[asked]
        self.scale = FIRST_SCALE if asked == "fp16" else 1.0
        self.tries = 1

    @property
    def words(self) -> str:
        if self.dtype is None:
            return "fp32"
        return f"fp16, loss scale {self.scale:g}" if self.dtype == torch.float16 else "bf16"

    def accepts(self, logits: Tensor, peaks: List[Tensor]) -> bool:
        """peaks: the largest magnitude of each layer's scaled gradient. If False, the pass is to be done again."""
        if self.dtype is None:
            return True
        finite, *heights = torch.stack([torch.isfinite(logits).all().float(), *peaks]).tolist()     # read at once
        if finite and all(peak < float("inf") for peak in heights):
            present = [peak for peak in heights if peak > 0]
            fading = self.dtype == torch.float16 and bool(present) and min(present) < FAINT and max(present) < STRONG
            if not fading or self.tries == TRIES:
                return True
            self._rescale(self.scale * STEP)
        elif finite and self.dtype == torch.float16 and self.tries < TRIES:
            self._rescale(self.scale / STEP)
        else:
            self._next_dtype()
        return False

    def _rescale(self, scale: float) -> None:
        self.tries += 1
        self.scale = scale

    def _next_dtype(self) -> None:
        was = self.words
        wider = self.dtype == torch.float16 and self.device.type == "cuda" and torch.cuda.is_bf16_supported()
        self.dtype, self.scale = (torch.bfloat16 if wider else None), 1.0
        self.notes.append(f"{was} overflowed: done in {self.words} instead")
