"""Every network on tensors that are said to lie on a card and hold no values, so that no card is needed: a tensor of
the CPU that meets one of them fails, and so does a pass that waits for a value."""
from contextlib import contextmanager
from typing import Any, Dict, Iterator, Optional, Set, Tuple

import pytest
import torch
from torch import Tensor

from cams.methods import METHODS, signed_map
from cams.one_pass import Watch, at_least_float32
from cams.recurrent import Cuts
from datasets.clip import Clip
from models.contract import Explainable
from models.input_tap import INPUT
from tests.kit import networks
from tests.kit.tiers import only

if tuple(int(part) for part in torch.__version__.split(".")[:2]) < (2, 4):
    pytest.skip("needs a newer PyTorch", allow_module_level=True)

from torch._subclasses.fake_tensor import FakeTensorMode

RECOGNISERS = ("slowfast", "twostream", "vac", "smkd", "corrnet", "corrnetplus", "sen", "tlp", "signgraph", "swin",
               "mamba", "mska")
EMBEDDERS = ("arcface", "promptsg")
IN_FLOAT32 = {              # layers that half precision leaves whole: the recurrent ones, as their maps need no cuDNN
    "slowfast": ("temporal_model.1",), "twostream": (), "mamba": (), "mska": (),
    "swin": ("conv2d.features.1", "temporal_model"),
    **dict.fromkeys(("vac", "smkd", "corrnet", "corrnetplus", "sen", "tlp", "signgraph"), ("temporal_model",))}
FLOAT32_OUT = ("twostream", "mska")


def network_and_clip(name: str) -> Tuple[Explainable, Clip]:
    if name in EMBEDDERS:
        return networks.embedder(name), networks.picture(80, 60)
    return networks.recogniser(name), networks.clip(16)


def a_card() -> FakeTensorMode:
    return FakeTensorMode(allow_non_fake_inputs=True, static_shapes=True)


def lay_on(card: FakeTensorMode, network: torch.nn.Module) -> None:
    with card:
        for module in network.modules():
            for name, parameter in list(module.named_parameters(recurse=False)):
                module._parameters[name] = torch.nn.Parameter(card.from_tensor(parameter.data).to("cuda"), False)
            for name, buffer in list(module.named_buffers(recurse=False)):
                module._buffers[name] = card.from_tensor(buffer).to("cuda")


@pytest.fixture(autouse=True)
def memory_is_never_pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a card can do that."""
    monkeypatch.setattr(Tensor, "pin_memory", lambda self: self)


@contextmanager
def half_precision(enabled: bool) -> Iterator[None]:
    """What `torch.autocast` sets, which refuses to where there is no card."""
    torch.set_autocast_enabled("cuda", enabled)
    torch.set_autocast_dtype("cuda", torch.float16)
    try:
        yield
    finally:
        torch.set_autocast_enabled("cuda", False)
        torch.clear_autocast_cache()


def kinds_of_maps(made: Explainable, clip: Clip, card: FakeTensorMode, amp: bool) -> Dict[str, Set[Any]]:
    """{layer: (device, type) of its activation and its maps by all methods}; "" for the input and the output.

    Backwards can't run without a card: activations stand in for gradients. RNNs run as they do where gradients are
    wanted.
    """
    kinds: Dict[str, Set[Any]] = {"": set()}

    def note(name: str, made_of_it: Tensor) -> None:
        kinds.setdefault(name, set()).add((made_of_it.device.type, made_of_it.dtype))

    def finish(name: str, activation: Tensor, gradient: Optional[Tensor]) -> None:
        note(name, activation)
        values = at_least_float32(made.layers[name].arrange(activation)[0])
        for method in (method for method in METHODS.values() if method.gradients):
            for per_frame in (False, True):
                note(name, signed_map(method, values, values, per_frame))

    lay_on(card, made.network)
    with card, torch.no_grad(), Cuts(made), Watch(made.layers, finish, False, note):
        inputs = made.prepare(clip)
        with half_precision(amp):
            output = made(inputs)
    for tensor in (*inputs.tensors, output):
        note("", tensor)
    return kinds


@pytest.mark.parametrize("name", only(("slowfast", "arcface"), (*RECOGNISERS, *EMBEDDERS)))
def test_a_pass_and_its_maps_stay_on_the_card(name: str) -> None:
    made, clip = network_and_clip(name)
    kinds = kinds_of_maps(made, clip, a_card(), amp=False)
    assert set(kinds) == {"", *made.layers}
    assert set().union(*kinds.values()) == {("cuda", torch.float32)}


@pytest.mark.parametrize("name", only(("slowfast", "mamba"), RECOGNISERS))
def test_in_half_precision_all_is_half_but_what_is_named(name: str) -> None:
    made, clip = network_and_clip(name)
    by_name = kinds_of_maps(made, clip, a_card(), amp=True)
    output = by_name.pop("")
    whole = {layer for layer, kinds in by_name.items()
             if ("cuda", torch.float16) not in kinds and layer.split(".")[-1] != INPUT}     # as it was prepared
    assert whole == {layer for layer in by_name if layer.startswith(IN_FLOAT32[name])}
    assert output == {("cuda", torch.float32)} | (set() if name in FLOAT32_OUT else {("cuda", torch.float16)})
    assert set().union(*by_name.values()) <= {("cuda", torch.float32), ("cuda", torch.float16)}


def test_a_table_left_on_the_cpu_is_noticed() -> None:
    made, clip = network_and_clip("twostream")
    card = a_card()
    lay_on(card, made.network)
    positions = made.network.get_submodule("recognition_network.visual_head.pe")
    positions._buffers["pe"] = torch.zeros_like(positions.get_buffer("pe"), device="cpu")
    with card, torch.no_grad(), pytest.raises(RuntimeError, match="cuda"):
        made(made.prepare(clip))
