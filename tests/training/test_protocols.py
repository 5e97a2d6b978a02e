"""What a network is trained on is what it will be given."""
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from datasets.phoenix import PhoenixVideoTextDataset
from models.pose_input import gaussian_maps
from poses.whole_body import KeypointStore
from tests.kit.training import entry, make_trainer, write_data, write_recipe
from training.feeder_twostream import PosedFeeder, TwoStreamAugment, draw_rows, middle_rows
from training.footage import Footage
from training.trainer import Trainer


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("workspace"))


def dev_inputs(trainer: Trainer) -> list:
    batch = next(iter(trainer.samples.loader(False, 0)))
    return [*trainer.protocol.inputs(batch, torch.device("cpu")), batch.lengths]


@pytest.mark.parametrize("model", ["slowfast", "twostream", "vac", "corrnet", "corrnetplus", "sen", "tlp", "signgraph",
                                   "swin", "mamba", "mska"])
def test_dev_clips_are_fed_as_clips_are_explained(data: Path, tmp_path: Path, model: str) -> None:
    trainer = make_trainer(data, tmp_path / "out", write_recipe(tmp_path, model), ("data.eval_batch_size", "1"))
    *fed, lengths = dev_inputs(trainer)
    prepared = trainer.recogniser.prepare(PhoenixVideoTextDataset(data, "dev").clip(0))
    assert lengths.tolist() == [prepared.tensors[0].shape[2]]
    # OpenCV resizes the RGB of TwoStream-SLR to whole levels, one of which is 1 / 255 / 0.5 here.
    for given, wanted in zip(fed, prepared.tensors):
        assert torch.allclose(given, wanted, atol=0.008 if model == "twostream" else 1e-6)


def test_a_network_smaller_than_its_crop_gets_smaller_frames(data: Path, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path)
    text = (tmp_path / "tiny.yaml").read_text()
    (tmp_path / "tiny.yaml").write_text(text.replace("size: 28", "size: 14"))
    trainer = make_trainer(data, tmp_path / "out", recipe, ("data.eval_batch_size", "1"))
    fed = dev_inputs(trainer)[0]
    wanted = trainer.recogniser.prepare(PhoenixVideoTextDataset(data, "dev").clip(0)).tensors[0]
    assert fed.shape == wanted.shape
    assert torch.allclose(fed, wanted, atol=0.01)      # half a level of 255, over 0.225


def test_a_crop_takes_frames_and_keypoints_along(tmp_path: Path) -> None:
    """A bright spot under a keypoint stays under it."""
    frames = np.zeros((8, 260, 210, 3), np.uint8)
    frames[:, 148:153, 98:103] = 255
    footage = Footage([entry("clip")])
    footage._kept[0] = frames
    feeder = PosedFeeder.__new__(PosedFeeder)
    feeder.footage, feeder.augment, feeder.train = footage, TwoStreamAugment(jitter=0), True
    feeder.size, feeder.longest, feeder.frame, feeder.labels = 210, 400, (260, 210), [[]]
    feeder.store = KeypointStore(tmp_path)
    keypoints = np.tile(np.array([100, 150, 1], np.float32), (8, 133, 1))
    feeder.store.read = lambda name, count: keypoints      # type: ignore[method-assign,assignment]
    for seed in range(5):
        torch.manual_seed(seed)
        sample = feeder[0]
        maps = gaussian_maps(sample.keypoints, sample.crop, 210, 3.0)
        assert np.abs(np.subtract(peak(sample.frames[0, 0].float()), peak(maps[0, 0]))).max() <= 1.5


def peak(picture: Tensor) -> tuple:
    """The centre of what is brightest."""
    rows, columns = torch.nonzero(picture > 0.9 * picture.max(), as_tuple=True)
    return rows.float().mean().item(), columns.float().mean().item()


@pytest.mark.parametrize("total", [4, 37, 80, 900])
def test_speeds_leave_a_multiple_of_four_frames_in_order(total: int) -> None:
    np.random.seed(total)
    for _ in range(10):
        rows = draw_rows(total, 400, (0.5, 1.5))
        assert len(rows) % 4 == 0 and rows == sorted(rows) and rows[0] >= 0 and rows[-1] < total
        assert len(rows) <= min(int(1.5 * total), 400) + 3


def test_the_middle_of_a_long_clip() -> None:
    assert middle_rows(406, 400) == list(range(3, 403))
    assert middle_rows(39, 400) == list(range(36))


