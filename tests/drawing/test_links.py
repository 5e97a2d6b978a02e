"""Who gives most to whom in a graph of cells, as arcs over a frame."""
from pathlib import Path

import numpy as np
import pytest

from cam_runner import Question, explain
from drawing.layer import LayerPictures
from geometry.laid import LaidMap
from geometry.links import LinkedMap, linked
from records.style import Style
from results.cams import read_cams, write_cams
from tests.kit import networks
from tests.kit.maps import on_grid

SIDE, CELLS = 40, 2     # a frame of 40 x 40 pixels, its cells centred on 9.5 and 29.5


@pytest.fixture
def graph() -> LinkedMap:
    """Two steps. At the first cell 0 takes half of cell 3, at the second cell 2 takes a quarter of cell 1."""
    neighbours = np.tile(np.array([[0, 3], [1, 0], [2, 1], [3, 2]]), (2, 1, 1))
    shares = np.zeros((2, 4, 2))
    shares[..., 0] = 0.4                    # a cell's own
    shares[0, 0, 1], shares[1, 2, 1] = 0.5, 0.25
    plain = on_grid(np.ones((2, CELLS, CELLS), np.float32), 1, 2, (SIDE, SIDE), (0, SIDE, 0, SIDE))
    made = linked(plain, {"neighbours": neighbours, "shares": shares})
    assert isinstance(made, LinkedMap)
    return made


def test_giver_and_taker_are_where_their_cells_are_centred(graph: LinkedMap) -> None:
    (giver, taker, share), = graph.strongest(0)
    columns, rows = graph.cells.columns, graph.cells.rows
    assert columns is not None and rows is not None
    assert giver.tolist() == [columns[1], rows[1]] and taker.tolist() == [columns[0], rows[0]] and share == 1


def test_a_share_is_of_the_clip_s_largest_and_what_a_cell_gives_itself_is_no_link(graph: LinkedMap) -> None:
    (giver, taker, share), = graph.strongest(1)
    columns, rows = graph.cells.columns, graph.cells.rows
    assert columns is not None and rows is not None
    assert share == 0.5
    assert giver.tolist() == [columns[1], rows[0]] and taker.tolist() == [columns[0], rows[1]]


def test_an_arc_goes_from_one_cell_to_the_other_and_a_dot_marks_the_one_that_takes(graph: LinkedMap) -> None:
    black = np.zeros((SIDE, SIDE, 3), np.uint8)
    with_arc = LayerPictures(graph, [], Style()).draw(0, black)
    plain = LaidMap(graph.raw, graph.cells, graph.extent, graph.lows, graph.highs)
    changed = (with_arc != LayerPictures(plain, [], Style()).draw(0, black)).any(2)
    (giver, taker, _), = graph.strongest(0)
    near = [changed[int(y) - 2:int(y) + 3, int(x) - 2:int(x) + 3].sum() for x, y in (giver, taker)]
    assert near[1] > near[0] > 0


@pytest.mark.parametrize("change", [{"neighbours": np.full((2, 4, 2), 4)}, {"shares": np.zeros((2, 4, 3))},
                                    {"shares": np.full((2, 4, 2), np.nan)}, {"neighbours": np.zeros((2, 4, 2))}])
def test_links_that_do_not_fit_the_cells_are_refused(graph: LinkedMap, change: dict) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        linked(graph, {"neighbours": graph.neighbours, "shares": graph.shares, **change})


def test_a_graph_s_map_has_its_links_and_keeps_them(tmp_path: Path) -> None:
    model = networks.recogniser("signgraph")
    made = explain(model, networks.clip(9), Question(method="graph", layers=("conv2d.localG",)))
    write_cams(tmp_path / "cams.npz", {"signgraph": made})
    first = made.layers["conv2d.localG"].laid
    again = read_cams(tmp_path / "cams.npz")["signgraph"].layers["conv2d.localG"].laid
    assert isinstance(first, LinkedMap) and isinstance(again, LinkedMap)
    assert [share for *_, share in first.strongest(4)] == [share for *_, share in again.strongest(4)] != []


def test_another_method_s_map_of_the_same_layer_has_none() -> None:
    made = explain(networks.recogniser("signgraph"), networks.clip(9), Question(layers=("conv2d.localG",)))
    assert not isinstance(made.layers["conv2d.localG"].laid, LinkedMap)
