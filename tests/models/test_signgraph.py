from pathlib import Path
from typing import Any, Dict, List, Tuple

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from cam_runner import explain
from datasets.clip import Clip, Whole
from geometry.viewport import Viewport
from models.frame_graphs import Graph, LocalGraph, edge_pairs, nearness
from models.registry import build
from models.signgraph import GraphedResNet, squared
from records.question import Question
from results.cams import read_cams, write_cams
from terminal.errors import UserError
from tests.golden import GOLDENS, published, recipe
from tests.kit import networks
from tests.kit.tiers import full


def randomised(module: torch.nn.Module) -> Any:
    torch.manual_seed(0)
    for key, value in module.state_dict().items():
        if key.endswith("running_var"):
            value.uniform_(0.5, 1.5)
        elif key.endswith(("weight", "bias", "running_mean")):
            value.normal_(0, 0.5)
    return module.double().eval().requires_grad_(False)


def slowly_local(block: Any, x: Tensor) -> Tensor:
    """[C, H, W], cell by cell, pair by pair."""
    state = {key: value.double() for key, value in block.state_dict().items()}

    def normed(name: str, values: Tensor) -> Tensor:
        mean, var = state[f"{name}.running_mean"], state[f"{name}.running_var"]
        return (values - mean) / (var + 1e-5).sqrt() * state[f"{name}.weight"] + state[f"{name}.bias"]

    cells = x.flatten(1).t()                                                                # [N, C]
    z = [normed("fc1.1", state["fc1.0.weight"][:, :, 0, 0] @ cell + state["fc1.0.bias"]) for cell in cells]
    units = [vector / max(vector.norm(), 1e-12) for vector in z]
    out = []
    for i, mine in enumerate(z):
        distances = [float((units[i] - unit).square().sum() + state["relative_pos"][0, i, j])
                     for j, unit in enumerate(units)]
        nearest = sorted(range(len(z)), key=distances.__getitem__)[:block.count]
        assert nearest[0] == i
        given = []
        for j in nearest:
            pair = torch.cat((mine, z[j] - mine)).view(4, -1)
            weight = state["graph_conv.gconv.nn.0.weight"][:, :, 0, 0].view(4, -1, pair.shape[1])
            product = torch.cat([w @ part for w, part in zip(weight, pair)]) + state["graph_conv.gconv.nn.0.bias"]
            given.append(normed("graph_conv.gconv.nn.1", product).relu())
        most = torch.stack(given).max(0).values
        out.append(normed("fc2.1", state["fc2.0.weight"][:, :, 0, 0] @ most + state["fc2.0.bias"]))
    return torch.stack(out).t().view(x.shape)


def test_a_cell_takes_the_most_of_its_pairs_with_those_like_it() -> None:
    block = randomised(LocalGraph(8, 3, 4))
    x = torch.randn(2, 8, 2, 3, 3, dtype=torch.float64)
    found = block(x)
    for clip in range(2):
        for frame in range(2):
            assert torch.allclose(found[clip, :, frame], slowly_local(block, x[clip, :, frame]), atol=1e-9)


def test_a_cell_is_its_own_nearest_and_far_ones_count_less() -> None:
    block = randomised(LocalGraph(8, 4, 3))
    cells = torch.ones(1, 1, 16, 8, dtype=torch.float64)                # all alike: place alone decides
    picks = block.nearest(cells)[0, 0]
    assert picks[:, 0].tolist() == list(range(16))
    assert set(picks[5].tolist()) <= {5, 1, 4, 6, 9}


def test_places_next_to_each_other_have_the_most_in_common() -> None:
    table = nearness(7, 512)
    assert torch.allclose(table.diagonal(), torch.ones(49)) and torch.equal(table, table.t())
    assert table[24, 25] > table[24, 26] > table[24, 27] and table[24, 17] > table[24, 10]


@pytest.mark.parametrize("edges, cells", [("first49", 49), ("cpu_ties", 49), ("first49", 6)])
def test_a_graph_convolution_is_the_normalised_adjacency(edges: str, cells: int) -> None:
    torch.manual_seed(0)
    frames, graph = 3, Graph(5, cells, edges).double()
    torch.nn.init.normal_(graph.bias)
    adjacency = torch.eye(frames * cells, dtype=torch.float64)
    for a, b in [divmod(pair, cells) for pair in edge_pairs(edges, cells).tolist()]:
        for frame in range(frames - 1):
            one, other = frame * cells + a, (frame + 1) * cells + b
            adjacency[one, other] += 1
            adjacency[other, one] += 1
    scale = adjacency.sum(1).rsqrt()
    x = torch.randn(1, frames, cells, 5, dtype=torch.float64)
    wanted = (scale[:, None] * adjacency * scale) @ graph.lin(x).flatten(0, 2) + graph.bias
    assert torch.allclose(graph(x).flatten(0, 2), wanted, atol=1e-12)


def test_a_single_frame_is_linked_to_none() -> None:
    graph = Graph(5, 4, "first49")
    x = torch.randn(1, 1, 4, 5)
    assert torch.allclose(graph(x), graph.lin(x) + graph.bias)


@pytest.mark.parametrize("name, cells", [("temporalG", 196), ("temporalG2", 49)])
def test_the_links_of_the_goldens_are_those_of_the_authors(name: str, cells: int) -> None:
    earlier, later = published.golden("signgraph")[f"edges/{name}"]
    assert edge_pairs("cpu_ties", cells).tolist() == sorted((earlier * cells + later).tolist())
    assert [divmod(pair, cells) for pair in edge_pairs("first49", cells).tolist()] == [(0, b) for b in range(49)]


def test_other_links_are_told() -> None:
    with pytest.raises(UserError, match="temporal_edges 'nearest' is unknown; choose from first49, cpu_ties"):
        networks.recogniser("signgraph", temporal_edges="nearest")
    with pytest.raises(UserError, match="known of frames of 14 x 14 and 7 x 7 cells only; take first49"):
        networks.recogniser("signgraph", temporal_edges="cpu_ties")


@full
def test_links_as_on_a_card_give_the_authors_logits() -> None:
    model = published.recogniser("signgraph", folded=True, temporal_edges="first49")
    assert networks.published_architecture("signgraph")["temporal_edges"] == "first49"
    golden = published.golden("signgraph")["first49/logits"]
    assert abs(networks.logits(model, published.clip("signgraph")) - golden).max() <= 1e-4 * abs(golden).max()


@full
def test_the_same_cells_are_picked_as_by_the_authors() -> None:
    model: Any = published.recogniser("signgraph", folded=True)
    golden, picked = published.golden("signgraph"), {}
    blocks = {name: getattr(model.network.conv2d, name) for name in ("localG", "localG2")}
    handles = [block.register_forward_hook(
        lambda block, given, _, name=name: picked.update({name: block.pairs(*given)[1]}))
        for name, block in blocks.items()]
    networks.logits(model, published.clip("signgraph"))
    for handle in handles:
        handle.remove()
    for name, picks in picked.items():
        theirs = torch.from_numpy(golden[f"neighbours/{name}"].astype(np.int64))
        assert torch.equal(picks[0].sort(-1).values, theirs.sort(-1).values), name


def test_frames_are_made_square_as_by_the_authors() -> None:
    with np.load(GOLDENS / "signgraph_feeder_golden.npz") as file:
        golden = np.stack([file["frame0"], file["frame1"]]).astype(int)
    apart = abs(squared(recipe.frames(2, 260, 210, 0), 256).astype(int) - golden)
    assert apart.max() <= 1 and (apart > 0).mean() < 2e-3


def slowly_squared(frame: np.ndarray, side: int) -> np.ndarray:
    """[H, W] uint8: eight taps of sinc(d) sinc(d / 4), in whole numbers, across first."""
    def taps(count: int) -> np.ndarray:
        matrix = np.zeros((side, count), np.int64)
        for out in range(side):
            centre = (out + 0.5) * count / side - 0.5
            near = np.arange(int(np.floor(centre)) - 3, int(np.floor(centre)) + 5)
            kernel = np.sinc(centre - near) * np.sinc((centre - near) / 4)
            np.add.at(matrix[out], near.clip(0, count - 1), np.rint(kernel / kernel.sum() * 2048).astype(np.int64))
        return matrix

    across = frame.astype(np.int64) @ taps(frame.shape[1]).T
    return ((taps(frame.shape[0]) @ across + 2 ** 21) >> 22).clip(0, 255)


def test_the_kernel_is_lanczos_with_eight_taps() -> None:
    frame = recipe.frames(1, 260, 210, 3)[0]
    apart = abs(squared(frame[None], 256)[0, ..., 0].astype(int) - slowly_squared(frame[..., 0], 256))
    assert apart.max() <= 1 and (apart > 0).mean() < 5e-3


def test_tall_frames_are_looked_at_where_they_are() -> None:
    model = networks.recogniser("signgraph", size=224)
    square, tall = recipe.frames(1, 256, 256, 0), recipe.frames(1, 260, 210, 1)
    alone, both = (model.prepare(Clip("one", "dev", square, tall_frames=given)).tensors[0] for given in (None, tall))
    wanted = torch.from_numpy(cv2.resize(tall[0], (256, 256), interpolation=cv2.INTER_LANCZOS4)[16:240, 16:240])
    assert torch.allclose(both[0, :, 0].permute(1, 2, 0), wanted.float() / 127.5 - 1, atol=1e-6)
    assert torch.allclose(alone[0, :, 0].permute(1, 2, 0),
                          torch.from_numpy(square[0, 16:240, 16:240]).float() / 127.5 - 1, atol=1e-6)


def test_what_is_seen_lies_where_the_frame_has_it() -> None:
    """A white spot of the frame as it was taken, its centre in parts of it, is where the viewport says."""
    model = networks.recogniser("signgraph", size=224)
    tall = np.zeros((1, 260, 210, 3), np.uint8)
    tall[0, 60:70, 150:160] = 255
    clip = Clip("spot", "dev", np.zeros((1, 256, 256, 3), np.uint8), tall_frames=tall)
    weights = (model.prepare(clip).tensors[0][0, 0, 0] + 1).clamp(min=0)
    rows, columns = ((weights.sum(axis) * (torch.arange(224) + 0.5)).sum() / weights.sum() / 224 for axis in (1, 0))
    view = model.viewport
    assert float(view.top + rows * (view.bottom - view.top)) == pytest.approx(65 / 260, abs=2e-3)
    assert float(view.left + columns * (view.right - view.left)) == pytest.approx(155 / 210, abs=2e-3)


def test_each_graph_has_its_own_alpha() -> None:
    net = GraphedResNet(networks.architecture("signgraph", size=64)).eval()
    net.alpha.data = torch.tensor([0.1, 0.2, 0.3, 0.4])
    for stage, (local, over) in net.graphs.items():
        first, second = net.alpha[2 * (stage - 2)], net.alpha[2 * (stage - 2) + 1]
        x = torch.randn(1, net.stage_channels[stage], 3, 2 ** (4 - stage), 2 ** (4 - stage))
        with torch.no_grad():
            half = x + first * getattr(net, local)(x)
            assert torch.allclose(net.after(stage, x), half + second * getattr(net, over)(half), atol=1e-6)
    x = torch.randn(1, 64, 3, 8, 8)
    assert net.after(0, x) is x and net.after(1, x) is x


def test_classes_and_depth_are_read_from_the_file(tmp_path: Path) -> None:
    made = networks.recogniser("signgraph", depth=34)
    torch.save({"model_state_dict": {f"module.{key}": value for key, value in made.network.state_dict().items()},
                "architecture": networks.architecture("signgraph", classes=99)}, tmp_path / "made.pt")
    loaded = build("signgraph", tmp_path / "made.pt")
    assert (loaded.architecture["classes"], loaded.architecture["depth"]) == (7, 34)
    clip = networks.clip(5)
    np.testing.assert_allclose(networks.logits(loaded, clip), networks.logits(made, clip), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("asked, given", [("vac", "signgraph"), ("corrnet", "signgraph"), ("signgraph", "corrnet")])
def test_a_file_of_another_network_says_which_it_looks_like(asked: str, given: str, tmp_path: Path) -> None:
    made = networks.recogniser(given)
    torch.save({"model_state_dict": made.network.state_dict()}, tmp_path / "other.pt")
    with pytest.raises(UserError, match=f"it looks like one of {made.title}"):
        build(asked, tmp_path / "other.pt")


@full
def test_gradients_are_the_slopes_of_the_score() -> None:
    """By the input, with norms as they are and as affine maps."""
    for folded in (False, True):
        check_slopes(networks.recogniser("signgraph"), folded)


def check_slopes(model: Any, folded: bool) -> None:
    from models.folding import fold_batch_norm

    if folded:
        fold_batch_norm(model.network, model.folds)
    model.double()
    x = model.prepare(networks.clip(8)).tensors[0].double().requires_grad_()
    scores: List[Tensor] = []
    direction = torch.randn(x.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    model.network(x)["logits"].sum().backward()
    assert x.grad is not None
    with torch.no_grad():
        for step in (-1e-7, 1e-7):
            scores.append(model.network(x + step * direction)["logits"].sum())
    slope = float(scores[1] - scores[0]) / 2e-7
    assert float((x.grad * direction).sum()) == pytest.approx(slope, rel=1e-4)


def test_cells_without_a_direction_are_still_numbers() -> None:
    block = LocalGraph(8, 3, 4).eval()
    assert block(torch.zeros(1, 8, 1, 3, 3)).isfinite().all()


def slow_shares(block: Any, x: Tensor) -> Dict[Tuple[int, int, int], float]:
    """(frame, cell, other) -> in what part of the channels that compare them that pair is the most and above zero."""
    pairs, picks = block.pairs(x)
    shares: Dict[Tuple[int, int, int], float] = {}
    half = pairs.shape[1] // 2
    for frame in range(x.shape[2]):
        for cell in range(picks.shape[2]):
            for channel in range(half):
                values = pairs[0, half + channel, frame, cell].tolist()
                if max(values) > 0:
                    key = frame, cell, int(picks[0, frame, cell, values.index(max(values))])
                    shares[key] = shares.get(key, 0) + 1 / half
    return shares


def test_the_graphs_map_is_what_others_take_of_each_cell() -> None:
    model: Any = networks.recogniser("signgraph")
    given: Dict[str, Tensor] = {}
    for name in ("localG", "localG2"):
        getattr(model.network.conv2d, name).register_forward_pre_hook(
            lambda block, arguments, name=name: given.update({name: arguments[0].detach()}))
    explanation = explain(model, networks.clip(9), Question(method="graph"))
    assert list(explanation.layers) == ["conv2d.localG", "conv2d.localG2"] and "are not drawn" in explanation.target
    for name, x in given.items():
        layer = explanation.layers[f"conv2d.{name}"]
        wanted = np.zeros((x.shape[2], x.shape[3] * x.shape[4]))
        picks, shares = layer.details["neighbours"], layer.details["shares"]
        for (frame, cell, other), share in slow_shares(getattr(model.network.conv2d, name), x).items():
            if cell != other:
                wanted[frame, other] += share
            index = list(picks[frame, cell]).index(other)
            assert shares[frame, cell, index] == pytest.approx(share, abs=1e-6)     # its own share too
        assert wanted.any()
        np.testing.assert_allclose(layer.raw.reshape(wanted.shape), wanted, atol=1e-6)


def test_neighbours_and_their_shares_are_told_with_any_map_and_kept(tmp_path: Path) -> None:
    model: Any = networks.recogniser("signgraph", window=40)
    for method, frames in (("gradcam", 9), ("graph", 94)):
        explanation = explain(model, networks.clip(frames), Question(method=method, layers=("conv2d.localG",)))
        write_cams(tmp_path / "cams.npz", {"signgraph": explanation})
        details = read_cams(tmp_path / "cams.npz")["signgraph"].layers["conv2d.localG"].details
        steps = len(explanation.layers["conv2d.localG"].raw)
        assert details["neighbours"].shape == details["shares"].shape == (steps, 16, 3)
        assert (details["neighbours"][:, :, 0] == np.arange(16)).all()
        sums = details["shares"].sum(2)
        assert (sums <= 1 + 1e-6).all() and (sums > 0).any(1).all()         # no step was left out


def test_a_graph_is_asked_for_by_its_own_name() -> None:
    with pytest.raises(UserError, match="method attention: no layer of signgraph has attention"):
        explain(networks.recogniser("signgraph"), networks.clip(5), Question(method="attention"))
    with pytest.raises(UserError, match="method graph: no layer of vac has a graph"):
        explain(networks.recogniser("vac"), networks.clip(5), Question(method="graph"))
    with pytest.raises(UserError, match="method graph: conv2d.layer2 of signgraph has no graph; choose from conv2d"):
        explain(networks.recogniser("signgraph"), networks.clip(5), Question(method="graph", layers=("conv2d.layer2",)))


def test_a_note_says_which_frames_were_read() -> None:
    model = networks.recogniser("signgraph")
    square, tall = recipe.frames(5, 256, 256, 0), recipe.frames(5, 260, 210, 1)
    notes = [explain(model, Clip("one", "dev", square, tall_frames=given), Question(layers=("conv2d.layer4",))).notes
             for given in (None, tall)]
    assert "256x256 that were made square before; it was trained on those of 210x260" in notes[0][0]
    assert notes[1][0] == "read from frames of 210x260, made square by Lanczos's kernel"


def test_all_that_was_filmed_is_read_where_frames_were_cut_from_it() -> None:
    """Of CSL-Daily: a view of the whole frame, and its place on the part that is shown."""
    model: Any = networks.recogniser("signgraph", size=224)
    part = Viewport(top=40 / 512)
    model.shown(part, "")
    whole = recipe.frames(1, 256, 256, 1)
    clip = Clip("one", "dev", recipe.frames(1, 256, 256, 0), whole=Whole(whole, part))
    seen = model.prepare(clip).tensors[0][0, :, 0].permute(1, 2, 0)
    assert torch.allclose(seen, torch.from_numpy(whole[0, 16:240, 16:240]).float() / 127.5 - 1, atol=1e-6)
    assert model.viewport.top == pytest.approx((16 / 256 - 40 / 512) / (1 - 40 / 512))
    assert model.viewport.left == pytest.approx(16 / 256)
