"""Which rows, columns and frames a figure shows, and whether its caption says so."""
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import numpy as np
import pytest

from geometry.links import linked
from records.explanation import LayerMap
from records.figure_request import FigureRequest
from records.transcript import Missed, Span
from results.explained_run import ExplainedRun
from runs.figure_caption import caption, latex
from runs.figure_choice import Choice, chosen
from terminal.errors import UserError
from tests.kit import records
from tests.kit.maps import joint_map, laid

TOTAL = 40


def peaked(*frames: int, low: float = 0.0) -> Any:
    """A map that is strongest at the first of these frames, then at the next, ..."""
    values = np.full((TOTAL, 8, 8), low)
    for order, frame in enumerate(frames):
        values[frame] = 1 - 0.2 * order
    return laid(values)


WHEN = laid(np.linspace(0, 1, TOTAL), (8, 8))


def span(number: int, gloss: str, frames: Any, truth: Optional[str] = None) -> Span:
    return replace(records.span(number, gloss, frames), truth=truth)


def run(models: Dict[str, Any], folder: str = "one/a_clip", **changes: Any) -> ExplainedRun:
    """models: by name, spans, layers, and glosses with a map of their own: number -> layers."""
    by_name, cams = {}, {}
    for name, (spans, layers, own) in models.items():
        alone = []
        for number, maps in own.items():
            gloss, frames = spans[number - 1].gloss, spans[number - 1].frames
            about = records.gloss(number, gloss, frames, words=f"{gloss}, which was read: the sum of its logits")
            alone.append(records.gloss_maps(about, maps))
        by_name[name] = records.model(spans=tuple(spans), title=name.title(), **changes.pop(f"{name}_record", {}))
        cams[name] = records.explanation(layers, alone, model=name, target="the largest logits")
    return ExplainedRun(Path(folder), records.sequence(by_name, frames=TOTAL, **changes), cams)


SPANS = [span(1, "ABEND", (4, 8), "true-1"), span(2, "WIND", (20, 24), "true-2")]
ONE = run({"slowfast": (SPANS, {"low": peaked(3), "high": peaked(31, 6, 22), "when": WHEN},
                        {1: {"high": peaked(30, 5)}, 2: {"high": peaked(2, 23)}})})
OTHER = [span(1, "KALT", (0, 3), "true-3"), span(2, "ABENDS", (9, 12), "true-1"), span(3, "NORD", (22, 27))]
TWO_SLOW: Any = (SPANS, {"high": peaked(31)}, {1: {"high": peaked(5)}})
TWO = run({"slowfast": (SPANS, {"high": peaked(31)}, {1: {"high": peaked(30)}}),
           "vac": (OTHER, {"a": peaked(10, 25)}, {})})


def frames_of(choice: Choice) -> List[List[int]]:
    return [[cell.frame for cell in row.cells] for row in choice.sheet.rows]


def test_glosses_explained_on_their_own_are_the_columns_at_the_strongest_of_their_frames() -> None:
    made = chosen(FigureRequest(), [ONE])
    assert list(made.sheet.titles) == ["ABEND", "WIND"] and frames_of(made) == [[5, 23]]
    assert [row.label for row in made.sheet.rows] == ["Slowfast, high"]
    assert [cell.span for cell in made.sheet.rows[0].cells] == [(4, 8), (20, 24)]
    assert "each at the one of its frames where the map's mean is largest" in caption(made)


def test_at_middle_is_the_middle_frame() -> None:
    made = chosen(FigureRequest(at="middle"), [ONE])
    assert frames_of(made) == [[5, 21]] and "the middle one of its frames" in caption(made)


def test_a_gloss_without_a_map_of_its_own_has_the_clips() -> None:
    made = chosen(FigureRequest(glosses=["2"], layers=["low", "high"]), [ONE])
    low, high = made.sheet.rows
    assert low.cells[0].laid is ONE.cams["slowfast"].layers["low"].laid
    assert high.cells[0].laid is ONE.cams["slowfast"].glosses[1].layers["high"].laid
    assert "the largest logits; each gloss, which was read: the sum of its logits" in caption(made)


def test_other_models_show_the_same_true_gloss_or_what_they_read_then() -> None:
    made = chosen(FigureRequest(), [TWO])
    first, second = made.sheet.rows[1].cells
    assert (first.note, first.frame) == ("ABENDS, frame\u00a010", 10) and (second.note, second.frame) == (
        "NORD, frame\u00a025", 25)
    alone = run({"slowfast": TWO_SLOW, "vac": (OTHER[:1], {"a": peaked(1)}, {})})
    assert [cell.note for cell in chosen(FigureRequest(), [alone]).sheet.rows[1].cells] == ["not read"] * 2


def with_missed() -> List[ExplainedRun]:
    """KALT was signed between the two, and vac read it."""
    due = Missed("true-3", "KALT", 1, (10, 14))
    made = run({"slowfast": (SPANS, {"high": peaked(31, 12)}, {}), "vac": (OTHER, {"a": peaked(10, 2)}, {}),
                "sen": ([], {"b": peaked(13)}, {})})
    models = {name: replace(record, deleted=() if name == "vac" else (due,))
              for name, record in made.record.models.items()}
    about = replace(records.gloss(3, "KALT", (10, 14), words="KALT, which was missed: the sum of its logits"),
                    span="true-3", verdict="deleted")
    cams = {**made.cams, "sen": replace(made.cams["sen"], glosses=(records.gloss_maps(about, {"b": peaked(2, 11)}),))}
    return [ExplainedRun(made.folder, replace(made.record, models=models), cams)]


def test_a_missed_gloss_is_named_by_its_place_in_the_truth() -> None:
    """With its own map where it was explained; another model that read it shows what it read."""
    choice = chosen(FigureRequest(glosses=("true-3", "true-2", "1")), with_missed())
    assert choice.sheet.titles == ["KALT", "WIND", "ABEND"]
    first = [[(cell.frame, cell.note) for cell in row.cells][0] for row in choice.sheet.rows]
    assert first == [(12, "missed, frame\u00a012"), (2, "frame\u00a02"), (11, "missed, frame\u00a011")]
    assert [span and span.id for span in choice.spans[0]] == ["true-3", "read-2", "read-1"]
    assert "; missed glosses at the frames where they are signed" in caption(choice)
    assert "missed" not in caption(chosen(FigureRequest(glosses=("2",)), [ONE])).split("Method")[0]
    alone = chosen(FigureRequest(models=("sen",), glosses=("true-3",)), with_missed())
    assert alone.sheet.titles == ["KALT"] and "KALT, which was missed" in caption(alone)


@pytest.mark.parametrize("glosses, words", [
    (("true-9",), "--glosses true-9: expected true-1 to true-3, places in the truth"),
    (("9",), r"--glosses 9: expected numbers from 1 to 2, glosses that Slowfast read, or places in the truth")])
def test_a_gloss_that_is_not_there_is_refused(glosses: Tuple[str, ...], words: str) -> None:
    with pytest.raises(UserError, match=words):
        chosen(FigureRequest(glosses=glosses), with_missed())


def test_without_a_truth_no_gloss_has_a_place_in_it() -> None:
    made = run({"slowfast": ([span(1, "ABEND", (4, 8))], {"high": peaked(31)}, {})})
    with pytest.raises(UserError, match="--glosses true-1: the clip has no truth; name glosses by their number"):
        chosen(FigureRequest(glosses=("true-1",)), [made])


def test_same_frames_are_the_strongest_of_all_rows_and_told_once() -> None:
    made = chosen(FigureRequest(same_frames=True), [TWO])
    (abend, wind), others = frames_of(made)
    assert [abend, wind] == others and (abend, wind) == (10, 25)
    assert list(made.sheet.titles) == ["ABEND, frame\u00a010", "WIND, frame\u00a025"]
    assert [cell.note for cell in made.sheet.rows[1].cells] == ["ABENDS", "NORD"]
    assert "from the first to the last at which a row's model reads it, where the sum of the means" in caption(made)


def test_without_glosses_of_their_own_columns_are_the_strongest_frames_of_equal_parts() -> None:
    maps = {"high": peaked(31, 6, 12, 22)}
    plain = run({"slowfast": (SPANS, maps, {})})
    made = chosen(FigureRequest(columns=4), [plain])
    assert frames_of(made) == [[6, 12, 22, 31]] and made.sheet.one_map
    assert made.sheet.titles[0] == "frame\u00a06, 0.24\u00a0s"
    assert list(made.sheet.rows[0].read) == [("ABEND", (4, 8)), ("WIND", (20, 24))]
    middle = chosen(FigureRequest(columns=4, at="middle"), [plain])
    assert frames_of(middle) == [[4, 14, 24, 34]] and "middle frames of as many equal parts" in caption(middle)


def test_named_frames_are_shown_as_they_are() -> None:
    made = chosen(FigureRequest(frames=["7", "3"]), [ONE])
    assert frames_of(made) == [[7, 3]] and "Columns: frames of the clip." in caption(made)


def test_a_map_with_a_flag_says_so_below_the_picture() -> None:
    void = replace(peaked(), void=True)
    made = chosen(FigureRequest(frames=["1"]),
                  [run({"slowfast": ([], {"high": LayerMap(void, ("all-zero",))}, {})})])
    assert made.sheet.rows[0].cells[0].note == "no map: zero everywhere"


def test_a_model_that_knows_only_when_has_its_last_layer_shown() -> None:
    made = chosen(FigureRequest(frames=["1"]), [run({"slowfast": ([], {"first": WHEN, "last": WHEN}, {})})])
    assert [row.label for row in made.sheet.rows] == ["Slowfast, last"]
    words = caption(made)
    assert "time-only layers" in words and "interpolated" not in words and "mean of the map" not in words


def test_rows_of_another_run_are_told_apart_by_what_differs() -> None:
    other = run({"slowfast": TWO_SLOW}, "two/a_clip", slowfast_record={"method": "gradcam++"})
    made = chosen(FigureRequest(), [ONE, other])
    assert [row.label for row in made.sheet.rows] == ["Slowfast, high, gradcam", "Slowfast, high, gradcam++"]
    assert "Methods: gradcam, channels weighted" in caption(made) and "; gradcam++, channels" in caption(made)
    same = run({"slowfast": TWO_SLOW}, "two/a_clip")
    assert [row.label for row in chosen(FigureRequest(), [ONE, same]).sheet.rows] == [
        "Slowfast, high, one", "Slowfast, high, two"]


def test_labels_are_those_given_and_the_caption_says_what_they_stand_for() -> None:
    made = chosen(FigureRequest(layers=["low", "high"], labels=["ours_1", "$x$"]), [ONE])
    assert [row.label for row in made.sheet.rows] == ["ours_1", "$x$"]
    assert r"ours\_1: Slowfast, layer low; \$x\$: Slowfast, layer high" in caption(made)


@pytest.mark.parametrize("asked, words", [
    (FigureRequest(labels=["a", "b"]), "--labels names 2 rows, and there are 1"),
    (FigureRequest(labels=["a\nb"]), "printed in a line"),
    (FigureRequest(frames=["1"], at="peak"), "--frames names the frames already"),
    (FigureRequest(frames=["1"], same_frames=True), "--same-frames"),
    (FigureRequest(glosses=["3"]), "expected numbers from 1 to 2, glosses that Slowfast read"),
    (FigureRequest(glosses=["\u0663"]), "expected numbers"), (FigureRequest(frames=["40"]), "from 0 to 39"),
    (FigureRequest(colormap="pink"), "--colormap pink")])
def test_what_cannot_be_is_refused(asked: FigureRequest, words: str) -> None:
    with pytest.raises(UserError, match=words):
        chosen(asked, [ONE])


@pytest.mark.parametrize("changes, words", [({"sequence": "b_clip"}, "sequence is b_clip, not a_clip"),
                                            ({"fps": 50.0}, "frames a second is 50.0")])
def test_a_run_of_another_clip_is_refused(changes: Dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        chosen(FigureRequest(), [ONE, run({"slowfast": TWO_SLOW}, "two", **changes)])
    with pytest.raises(UserError, match="given twice"):
        chosen(FigureRequest(), [ONE, ONE])


def test_glosses_of_a_model_that_read_nothing_are_refused() -> None:
    with pytest.raises(UserError, match="Slowfast read nothing"):
        chosen(FigureRequest(glosses=["1"]), [run({"slowfast": ([], {"high": peaked(1)}, {})})])


@pytest.mark.parametrize("bicubic, words", [(False, "interpolated linearly (bilinear)"),
                                            (True, "by cubic convolution (bicubic)")])
def test_the_caption_says_how_maps_are_laid(bicubic: bool, words: str) -> None:
    made = chosen(FigureRequest(bicubic=bicubic), [ONE])
    assert words in caption(made) and made.sheet.bicubic == bicubic


def test_the_caption_says_what_0_and_1_are() -> None:
    framed = replace(peaked(5), per_frame=True)
    clip, frame, both = (chosen(FigureRequest(frames=["5"], layers=list(layers)), [run({"slowfast": ([], layers, {})})])
                         for layers in ({"a": peaked(5)}, {"a": framed}, {"a": framed, "when": WHEN}))
    for made, words in ((clip, "highest value of each map over the clip;"), (frame, "of each map in each frame;"),
                        (both, "over the clip or in each frame; in each frame: Slowfast, a;")):
        assert words in caption(made)
    assert clip.sheet.legend.endswith("over the clip") and frame.sheet.legend.endswith("in each frame")


def test_the_caption_of_keypoints_says_how_these_are_drawn() -> None:
    points = joint_map(np.ones((TOTAL, 2)), np.ones((TOTAL, 2, 2)), (0, 1), (TOTAL, 8, 8))
    words = caption(chosen(FigureRequest(frames=["5"]), [run({"slowfast": ([], {"joints": points}, {})})]))
    assert "discs" in words and "bilinear" not in words and "for keypoints, the colour" in words


def test_the_caption_says_what_arcs_are() -> None:
    points = joint_map(np.ones((TOTAL, 2)), np.ones((TOTAL, 2, 2)), (0, 1), (TOTAL, 8, 8), np.ones((2, 2)))
    graph = linked(laid(np.ones((TOTAL, 2, 2))), {"neighbours": np.zeros((TOTAL, 4, 1), int),
                                                  "shares": np.ones((TOTAL, 4, 1))})
    for maps, words in ((points, "12 pairs of keypoints"), (graph, "12 links"), (peaked(1), "")):
        said = caption(chosen(FigureRequest(frames=["5"]), [run({"slowfast": ([], {"a": maps}, {})})]))
        assert words in said and ("rcs are" in said) == bool(words)


def test_latex_is_escaped() -> None:
    assert latex(r"a_b$c%d&e#f{g}~^\ ") == (r"a\_b\$c\%d\&e\#f\{g\}\textasciitilde{}\textasciicircum{}"
                                            r"\textbackslash{} ")
