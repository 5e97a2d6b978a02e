"""Two clips end to end, read by a network that sees red as REGEN and green as SONNE: where its maps lie is known."""
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from datasets.clip import Clip
from evidence import spliced
from evidence.spliced import RIVALS, WHEN, Puzzle, add_all, lines
from geometry.viewport import Viewport
from models.input_tap import entry_probe
from models.recogniser import Inputs
from tests.kit.recogniser import TinyRecogniser, tiny_clip

FRAMES, SIDE = 24, 16
RED, GREEN = 0, 1


class Colours(TinyRecogniser):
    """A step for two frames; each says REGEN as far as it is red, SONNE as far as it is green, else blank."""

    default_layers = ("input",)     # type: ignore[assignment]
    gloss_layers = ("input",)       # type: ignore[assignment]
    factors = ()                    # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__(window=100)
        self.viewport = Viewport()
        self.layers = {"input": entry_probe(self.entry, "entry", 3, SIDE)}

    def prepare(self, clip: Clip) -> Inputs:
        frames = torch.from_numpy(np.ascontiguousarray(clip.frames)).permute(3, 0, 1, 2)[None]
        return Inputs((frames.float() / 255,), len(clip))

    def forward(self, inputs: Inputs) -> Tensor:
        x = self.entry(*inputs.tensors).mean((3, 4)).unflatten(2, (-1, 2)).amax(3)      # [B, 3, T / 2]
        blank = torch.full_like(x[:, :1], 0.5)
        return 20 * torch.cat([blank, x[:, :2], torch.zeros_like(x[:, :2])], 1).transpose(1, 2)


def flashing(colour: int, at: int) -> Clip:
    """Black; at one frame all of it has the colour."""
    pixels = np.zeros((FRAMES, SIDE, SIDE, 3), np.uint8)
    pixels[at, ..., colour] = 255
    pixels[:, 0, 0] = np.arange(FRAMES)[:, None]         # something that moves everywhere, and means nothing
    return tiny_clip(glosses=(), pixels=pixels)


@pytest.fixture()
def counted() -> Puzzle:
    puzzle = Puzzle()
    clips = [flashing(RED, 4), flashing(GREEN, 12), flashing(GREEN, 9), flashing(RED, 17)]
    add_all(puzzle, "tiny", Colours(), clips)
    return puzzle


def test_maps_and_losses_of_a_gloss_lie_in_its_own_clip_and_an_even_map_in_half(counted: Puzzle) -> None:
    assert counted.glosses["tiny"] == 4 and counted.splices["tiny"] == 2
    assert counted.interval(("tiny", "-", WHEN)).value == pytest.approx(1)
    assert counted.interval(("tiny", "input", "layercam")).value > 0.95
    assert counted.interval(("tiny", "-", "even")).value == pytest.approx(0.5)
    table = "\n".join(lines(counted))
    assert "4 glosses of 2 splices" in table and WHEN in table


def test_a_gloss_that_both_clips_hold_is_no_ones() -> None:
    puzzle = Puzzle()
    add_all(puzzle, "tiny", Colours(), [flashing(RED, 4), flashing(RED, 12)])
    assert not puzzle.inside and lines(puzzle) == []


def test_clips_of_other_sizes_are_not_spliced_and_the_truth_is_left_out() -> None:
    one = replace(flashing(RED, 4), keypoints=np.zeros((FRAMES, 133, 3), np.float32))
    other = replace(one, frames=one.frames[:, :8])
    assert spliced.spliced(one, other) is None
    made = spliced.spliced(replace(one, glosses=("REGEN",)), one)
    assert made is not None and len(made) == 2 * FRAMES and made.glosses == ()
    assert made.keypoints is not None and len(made.keypoints) == 2 * FRAMES


def test_a_letter_stands_where_a_map_is_above_a_rival_for_sure() -> None:
    rivals = {("a", "-", name): [0.5, 0.45, 0.55] for name in RIVALS}
    puzzle = Puzzle({("a", "deep", "gradcam"): [0.9, 0.9, 0.8], ("a", "early", "gradcam"): [0.5, 0.5, 0.4], **rivals},
                    {"a": 9}, {"a": 3})
    deep, early = (next(line for line in lines(puzzle) if line.startswith(name)) for name in ("deep", "early"))
    assert deep.endswith("ME") and early.endswith("none")
    once = replace(puzzle, inside={key: values[:1] for key, values in puzzle.inside.items()})
    assert all(line.endswith("-") for line in lines(once) if line.startswith(("deep", "early")))
