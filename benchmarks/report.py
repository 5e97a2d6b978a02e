"""Size of the report and the seconds it takes: of 200 frames and ten layers, or of a sequence that was explained.

    python benchmarks/report.py [--frames 200]
    python benchmarks/report.py OUTPUTS/SEQUENCE --data-root DATA       (explained with --write cams)

Of an explained sequence the page is written anew from its frames and maps, and held against the time its run took.
The made-up clip has frames with the grain of a camera, and maps with noise: harder to store than real ones.
"""
import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Dict, Mapping, Optional, Tuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from records.explanation import Explanation, LayerMap  # noqa: E402
from records.sequence import Sequence, read_sequence  # noqa: E402
from reports.report import write_report  # noqa: E402
from results.cams import FILE, read_cams  # noqa: E402
from tests.kit import records  # noqa: E402
from tests.kit.maps import laid, on_grid  # noqa: E402

# Positions a side and frames a step of the public layers that have a place, and those that have none.
SPATIAL = {"slowfast": {"conv2d.slow_path.layer1": (56, 4), "conv2d.fast_path.layer1": (56, 1),
                        "conv2d.fast_path.layer3": (14, 1)},
           "twostream": {"rgb_stream.layer1": (112, 2), "pose_stream.layer1": (56, 2),
                         "fusion_module.conv_fuse": (28, 2), "rgb_stream.layer4": (14, 4)}}
TIME_ONLY = {"slowfast": ("conv1d.fused_features", "temporal_model.1"), "twostream": ("visual_head",)}


Case = Tuple[np.ndarray, Mapping[str, Explanation], Sequence, Optional[np.ndarray]]


def made_up(count: int) -> Case:
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:256, :256]
    shades = np.stack([120 + 60 * np.sin(x / 40) + 20 * np.cos(y / 30), 100 + 50 * np.sin(y / 50),
                       90 + 70 * np.cos((x + y) / 60)], axis=-1)
    frames = np.stack([np.clip(np.roll(shades, 3 * frame, axis=1) + rng.normal(0, 2, shades.shape), 0, 255)
                       .astype(np.uint8) for frame in range(count)])
    layers: Dict[str, Dict[str, LayerMap]] = {}
    for model, grids in SPATIAL.items():
        layers[model] = {name: map_of(rng.random((-(-count // stride), side, side)), stride, count)
                         for name, (side, stride) in grids.items()}
        for name in TIME_ONLY[model]:
            layers[model][name] = LayerMap(laid(rng.random(count), (256, 256)))
    models = {model: records.model(title=model, layers={name: records.layer() for name in model_layers})
              for model, model_layers in layers.items()}
    explanations = {model: records.explanation(model_layers, model=model) for model, model_layers in layers.items()}
    points = rng.random((count, 133, 3)).astype(np.float32) * (210, 260, 1)
    return frames, explanations, records.sequence(models, sequence="made up", frames=count, seconds={}), points


def map_of(raw: np.ndarray, stride: int, count: int) -> LayerMap:
    """Linear between steps and positions, half noise and half a spot in the middle."""
    folder = np.linspace(-2, 2, raw.shape[1])
    spot = np.exp(-folder[:, None] ** 2 - folder ** 2)
    raw = (raw + spot) / 2
    return LayerMap(on_grid(raw.astype(np.float32), stride, count, (256, 256), (0, 256, 0, 256)))


def explained(folder: Path, data: Path) -> Case:
    from datasets.phoenix import PhoenixVideoTextDataset

    path = folder / "preds.json"
    record = read_sequence(json.loads(path.read_text(encoding="utf-8")), str(path))
    clip = PhoenixVideoTextDataset(data, record.split, [record.sequence]).clip(0)
    return clip.frames, read_cams(folder / FILE), record, clip.keypoints


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--frames", type=int, default=200)
    given = parser.parse_args()
    if given.folder is not None and given.data_root is None:
        parser.error("an explained sequence needs --data-root")
    case = made_up(given.frames) if given.folder is None else explained(given.folder, given.data_root)
    frames, explanations, record, points = case
    with tempfile.TemporaryDirectory() as folder:
        started, used = time.perf_counter(), time.process_time()
        write_report(Path(folder), frames, explanations, record, points)
        seconds, used = time.perf_counter() - started, time.process_time() - used
        size = (Path(folder) / "report.html").stat().st_size
    count = sum(len(explanation.layers) for explanation in explanations.values())
    print(f"{len(frames)} frames, {count} layers: {size / 1e6:.2f} MB "
          f"({size / len(frames) * 200 / 1e6:.2f} MB for 200 frames), {seconds:.2f} s ({used:.2f} s of CPU)")
    if record.seconds:
        total = record.seconds["total"]
        print(f"{100 * seconds / total:.1f} % of the {total:.1f} s that the whole run of this sequence took")


if __name__ == "__main__":
    main()
