"""A film of a sequence is that sequence: the demo's recognisers read the same in it and look at the same."""
from pathlib import Path
from typing import Dict

import numpy as np
import pytest
import torch

import cam_runner
from datasets.clip import Clip
from datasets.phoenix import PhoenixVideoTextDataset
from datasets.phoenix2014 import Phoenix2014
from records.requests import VideoRequest
from runs.demo import CHECKPOINTS, MODELS, SEED
from runs.loading import load_recogniser
from signer.synthetic import make_workspace
from tests.kit.footage import write_video
from tests.kit.tiers import crossed
from video.sequences import VideoDataset

WITHOUT_COLOUR = {"fusion_module.conv_fuse"}     # follows single pixels: half the colours, as 4:2:0 has, move its maps


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Dict[str, Clip]:
    """A sequence, and films of its 210x260 frames: one that loses nothing, two in H.264 of high quality."""
    folder = tmp_path_factory.mktemp("film")
    data = make_workspace(folder, {"train": 0, "dev": 1, "test": 0}, SEED)
    clip = PhoenixVideoTextDataset(data, "dev").clip(0)
    assert clip.tall_frames is not None and clip.keypoints is not None
    frames = clip.tall_frames
    np.save(folder / "points.npy", clip.keypoints)
    footage = {"sequence": clip}
    for name, codec, pixels, options in (("whole", "ffv1", "bgr0", {}),
                                         ("all colours", "libx264", "yuv444p", {"crf": "4"}),
                                         ("half the colours", "libx264", "yuv420p", {"crf": "12"})):
        path = write_video(folder / f"{name}.mkv", len(clip), codec, pixels=pixels, size=(210, 260),
                           options={"threads": "1", **options}, pictures=lambda number: frames[number])
        footage[name] = VideoDataset([path], VideoRequest(keypoints=folder / "points.npy", truth=clip.glosses)).clip(0)
    return footage


@pytest.mark.parametrize("model, name", crossed(sorted(MODELS), ["all colours", "half the colours"]))
def test_a_film_of_a_sequence_reads_and_looks_as_the_sequence(clips: Dict[str, Clip], model: str, name: str) -> None:
    recogniser = load_recogniser(model, Path(CHECKPOINTS[model]), "cpu", Phoenix2014(Path("none")))
    first, second = (cam_runner.explain(recogniser, clips[each], cam_runner.Question(target="pred", method="gradcam"))
                     for each in ("sequence", name))
    read = [recogniser.decode(torch.from_numpy(explanation.logits)) for explanation in (first, second)]
    assert read[0] == read[1] and len(read[0]) > 1
    assert len(first.layers) == 5
    for layer in set(first.layers) - (WITHOUT_COLOUR if name == "half the colours" else set()):
        one, other = (explanation.layers[layer].map.astype(np.float64).ravel() for explanation in (first, second))
        assert np.corrcoef(np.stack([one, other]))[0, 1] > 0.95, layer


def test_a_film_that_lost_nothing_is_the_clip_itself(clips: Dict[str, Clip]) -> None:
    """And so is every map of it, as networks see nothing else."""
    clip, film = clips["sequence"], clips["whole"]
    assert (film.frames == clip.frames).all() and film.glosses == clip.glosses
    for name in ("tall_frames", "keypoints"):
        assert np.abs(getattr(film, name).astype(np.float64) - getattr(clip, name)).max() < 1e-4
    assert film.origin is not None and film.origin.crop == "0,0,210,260"
