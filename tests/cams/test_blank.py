import torch
from torch import nn

from cams.blank import blank_layers
from models.recogniser import Inputs, Probe
from tests.kit.recogniser import TinyRecogniser


class Two(TinyRecogniser):
    """Two inputs, each with a layer of its own, and one layer of both."""

    def __init__(self) -> None:
        super().__init__()
        self.rgb, self.pose, self.both = (nn.Conv3d(3, 3, 3, padding=1) for _ in range(3))
        self.layers = {name: Probe(getattr(self, name), name, 1) for name in ("rgb", "pose", "both")}
        self.when = nn.Conv1d(3, 3, 3)
        self.layers["when"] = Probe(self.when, "when", 1, spatial=False)

    def forward(self, inputs: Inputs) -> torch.Tensor:
        rgb, pose = inputs.tensors
        alone = self.rgb(rgb)
        return self.when(self.both(alone + self.pose(pose)).mean((3, 4)))


def blank(rgb: torch.Tensor, pose: torch.Tensor) -> object:
    model = Two()
    return blank_layers(model, Inputs((rgb, pose), 6), model.layers)


PICTURES = torch.rand(1, 3, 6, 8, 8)
GREY = torch.full_like(PICTURES, 0.5)
FADE = torch.linspace(0, 1, 6).view(1, 1, 6, 1, 1).expand_as(PICTURES).contiguous()


def test_a_layer_is_blank_if_all_that_reaches_it_is() -> None:
    assert blank(PICTURES, PICTURES) == set()
    assert blank(GREY, PICTURES) == {"rgb"}
    assert blank(PICTURES, GREY) == {"pose"}
    assert blank(GREY, GREY) == {"rgb", "pose", "both", "when"}


def test_a_fade_is_blank_in_space_alone() -> None:
    assert blank(FADE, FADE) == {"rgb", "pose", "both"}
    assert blank(FADE, GREY) == {"rgb", "pose", "both"}
