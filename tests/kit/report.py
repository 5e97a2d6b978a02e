"""A small made-up clip, its maps and its record, for the tests of the report."""
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, Sequence, Tuple

import cv2
import numpy as np

from records.explanation import Explanation, LayerMap
from records.sequence import Sequence as Record
from records.sequence import sequence_json
from records.transcript import Span
from reports.report import write_report
from results.manifest import write_manifest
from tests.kit import records
from tests.kit.maps import laid, on_grid

SPATIAL = {"slowfast": ("conv2d.slow_path.layer1", "conv2d.fast_path.layer1", "conv2d.fast_path.layer3"),
           "twostream": ("rgb_stream.layer1", "pose_stream.layer1", "fusion_module.conv_fuse", "rgb_stream.layer4")}
TIME_ONLY = {"slowfast": ("conv1d.fused_features", "temporal_model.1"), "twostream": ("visual_head",)}
GRIDS = {"conv2d.slow_path.layer1": (56, 4), "conv2d.fast_path.layer1": (56, 1), "conv2d.fast_path.layer3": (14, 1),
         "rgb_stream.layer1": (112, 2), "pose_stream.layer1": (56, 2), "fusion_module.conv_fuse": (28, 2),
         "rgb_stream.layer4": (14, 4)}                      # positions a side, frames a step
VIEWPORTS = {"slowfast": (0.0625, 0.0625, 0.9375, 0.9375), "twostream": (0.0, 0.0, 1.0, 1.0)}
BOXES = {"slowfast": (16, 240, 16, 240), "twostream": (0, 256, 0, 256)}     # top, bottom, left, right


def hands(frames: int) -> np.ndarray:
    """Both hands' middles in fractions of the frame, [T, 2, 2] x, y."""
    time = np.linspace(0, 2 * np.pi * max(1, frames / 50), frames)
    right = np.stack([0.34 + 0.10 * np.sin(time), 0.58 + 0.16 * np.cos(1.3 * time)], axis=1)
    left = np.stack([0.66 + 0.08 * np.sin(0.8 * time + 1), 0.62 + 0.12 * np.cos(time + 2)], axis=1)
    return np.stack([right, left], axis=1)


def picture(frames: int, seed: int = 0) -> np.ndarray:
    """uint8 [T, 256, 256, 3]: a signer; the top left 16x16 pixels count the frames in grey."""
    rng = np.random.default_rng(seed)
    grain = rng.normal(0, 3, (256, 256, 1))
    shade = np.linspace(150, 205, 256)[:, None, None] * np.array([0.95, 1.0, 1.05])
    out = np.empty((frames, 256, 256, 3), np.uint8)
    for index, wrists in enumerate(hands(frames)):
        canvas = (shade + grain).clip(0, 255).astype(np.uint8)
        cv2.ellipse(canvas, (128, 250), (66, 110), 0, 180, 360, (34, 38, 48), -1, cv2.LINE_AA)
        cv2.ellipse(canvas, (128, 84), (34, 44), 0, 0, 360, (62, 44, 34), -1, cv2.LINE_AA)
        cv2.ellipse(canvas, (128, 92), (26, 34), 0, 0, 360, (214, 172, 148), -1, cv2.LINE_AA)
        for shoulder, wrist in zip(((82, 160), (174, 160)), (wrists * 256).astype(int)):
            cv2.line(canvas, shoulder, tuple(map(int, wrist)), (40, 44, 56), 22, cv2.LINE_AA)
            cv2.circle(canvas, tuple(map(int, wrist)), 15, (214, 172, 148), -1, cv2.LINE_AA)
        canvas[:16, :16] = index % 256
        out[index] = canvas
    return out


def keypoints(frames: int) -> np.ndarray:
    """[T, 133, 3] in pixels of the 210x260 frame, of the same signer."""
    points = np.zeros((frames, 133, 3), np.float32)
    points[:, :, 2] = 0.9
    points[:, 11:23, 2] = 0.05                                              # hips and legs are below the picture
    around = np.linspace(0, 2 * np.pi, 68, endpoint=False)
    points[:, 23:91, 0] = 105 + 21 * np.cos(around)
    points[:, 23:91, 1] = 94 + 34 * np.sin(around)
    points[:, 0:5, :2] = (105, 94)
    points[:, 5, :2], points[:, 6, :2] = (143, 163), (67, 163)
    ring = np.linspace(0, 2 * np.pi, 21, endpoint=False)
    for hand, (first, elbow, wrist) in enumerate(((112, 8, 10), (91, 7, 9))):
        centre = hands(frames)[:, hand] * (210, 260)
        points[:, wrist, :2] = centre
        points[:, elbow, :2] = (centre + points[:, 6 - hand, :2]) / 2
        points[:, first:first + 21, 0] = centre[:, :1] + 11 * np.cos(ring)
        points[:, first:first + 21, 1] = centre[:, 1:] + 14 * np.sin(ring)
    return points


def grid_maps(frames: int, grid: int, stride: int, seed: int) -> np.ndarray:
    """float32 [steps, grid, grid]: follows the hands, with noise."""
    rng = np.random.default_rng(seed)
    centre = (np.arange(grid) + 0.5) / grid
    y, x = np.meshgrid(centre, centre, indexing="ij")
    steps = []
    for index, places in enumerate(hands(frames)[::stride]):
        near = sum(np.exp(-((x - px) ** 2 + (y - py) ** 2) / 0.012) for px, py in places)
        steps.append(near * (0.6 + 0.4 * np.sin(index * stride / 9 + seed)) + 0.25 * rng.random((grid, grid)))
    return np.stack(steps).astype(np.float32)


def layers(frames: int) -> Dict[str, Dict[str, LayerMap]]:
    out: Dict[str, Dict[str, LayerMap]] = {}
    for model, names in SPATIAL.items():
        out[model] = {}
        for seed, name in enumerate(names):
            grid, stride = GRIDS[name]
            raw = grid_maps(frames, grid, stride, seed)
            out[model][name] = LayerMap(on_grid(raw, stride, frames, (256, 256), BOXES[model]))
        for seed, name in enumerate(TIME_ONLY[model]):
            wave = np.abs(np.sin(np.arange(frames) / (7 + 3 * seed))) ** 3
            out[model][name] = LayerMap(laid(wave, (256, 256)), ("saturated",) if seed else ())
    return out


TRUTH = ("__ON__", "LIEB", "ZUSCHAUER", "ABEND", "WINTER", "GESTERN", "loc-NORD", "SCHOTTLAND", "loc-REGION",
         "UEBERSCHWEMMUNG", "AMERIKA", "IX")


def explanations(frames: int) -> Dict[str, Explanation]:
    return {model: records.explanation(each, model=model, viewport=VIEWPORTS[model])
            for model, each in layers(frames).items()}


def spread(words: Sequence[str], frames: int, shift: int = 0, truth: bool = False,
           verdicts: Sequence[str] = ()) -> Tuple[Span, ...]:
    edges = np.linspace(0, frames, len(words) + 1).astype(int)
    return tuple(records.span(number + 1, word, (int(start), int(min(frames, max(start + 1, stop - shift)))),
                              verdicts[number] if verdicts else None, truth)
                 for number, (word, start, stop) in enumerate(zip(words, edges, edges[1:])))


def record(frames: int, sequence: str = "01April_2010_Thursday_heute_default-8", first: str = "__ON__",
           **changes: Any) -> Record:
    truth = (first,) + TRUTH[1:]
    read = truth[:3] + ("MORGEN", "SCHNEE") + truth[4:8] + truth[9:]
    verdicts = ("right",) * 3 + ("substituted", "inserted") + ("right",) * 7
    aligned = spread(truth, frames, 3, True)
    rules = {"slowfast": "VAC python", "twostream": "TwoStream 2014"}
    models = {model: records.model(
        title={"slowfast": "SlowFastSign", "twostream": "TwoStream-SLR"}[model], glosses=read,
        spans=spread(read, frames, 2, verdicts=verdicts),
        deleted=(records.missed(9, truth[8], 9, aligned[8].frames),), truth_spans=aligned,
        wer=records.errors(1, 1, 1, 12),
        wer_authors=replace(records.errors(1, 1, 2, 13), rule=rules[model]), viewport=VIEWPORTS[model],
        layers={name: records.layer(spatial=name in names) for name in names + TIME_ONLY[model]})
        for model, names in SPATIAL.items()}
    return records.sequence(
        models, sequence=sequence, split="train", signer="Signer04", frames=frames, truth=truth,
        settings={"alpha": 0.5, "colormap": "jet", "device": "cpu"}, versions={"python": "3.11.7", "torch": "2.11.0"},
        seconds={"slowfast": 12.3456, "total": 12.3456}, peak_memory=3 * 2 ** 30,
        command=f"python main.py --seq {sequence} --models slowfast twostream", **changes)


def changed(made: Record, model: str, **changes: Any) -> Record:
    """The same record with other facts of one model."""
    return replace(made, models={**made.models, model: replace(made.models[model], **changes)})


def save(folder: Path, made: Record) -> None:
    """As a finished sequence has it."""
    (folder / "preds.json").write_text(json.dumps(sequence_json(made)), encoding="utf-8")
    write_manifest(folder, {}, {})


def write(folder: Path, made: Record, points: bool = True) -> None:
    """A finished sequence with a report."""
    write_report(folder, picture(made.frames), explanations(made.frames), made,
                 keypoints(made.frames) if points else None)
    save(folder, made)
