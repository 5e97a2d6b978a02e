"""The denoiser that restoration draws from."""
from pathlib import Path

import numpy as np
import pytest
import torch

from models.restorer import SPREAD, from_pixels, to_pixels, weight_of
from models.restorers import build_restorer, create_restorer
from terminal.errors import UserError
from tests.kit import networks
from tests.kit.restoring import SMALL, checkpoint, restorer


def test_without_noise_crops_stay_and_under_much_noise_nothing_of_them_does() -> None:
    made, crops = restorer(), torch.rand(2, 3, 32, 32) * 2 - 1
    assert torch.allclose(made(crops, torch.full((2,), 1e-4)), crops, atol=1e-3)
    noisy = 1000 * torch.randn(2, 3, 32, 32)
    assert made(noisy, torch.full((2,), 1000.)).abs().max() < 5


def test_an_untrained_network_has_the_same_error_at_every_level() -> None:
    """Of crops as spread as they are taken to be, the weighted error is 1 where the network says 0."""
    made = create_restorer(SMALL).requires_grad_(False)
    crops = SPREAD * torch.randn(64, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    for level in (0.03, 0.5, 3.0):
        sigma = torch.full((64,), level)
        noisy = crops + level * torch.randn(crops.shape, generator=torch.Generator().manual_seed(1))
        error = (made(noisy, sigma) - crops).square().mean()
        assert float(weight_of(sigma)[0] * error) == pytest.approx(1, rel=0.02)


def test_the_network_is_fed_equally_large_numbers_at_every_level() -> None:
    made = restorer()
    fed = []
    made.network.register_forward_pre_hook(lambda _, inputs: fed.append(float(inputs[0].std())))
    crops = SPREAD * torch.randn(16, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    for level in (0.03, 3.0, 100.0):
        made(crops + level * torch.randn(crops.shape), torch.full((16,), level))
    assert fed == pytest.approx([1, 1, 1], rel=0.03)


def test_the_noise_level_is_heard() -> None:
    made, crops = restorer(), torch.rand(1, 3, 32, 32)
    inner = made.network
    assert not torch.allclose(inner(crops, torch.zeros(1)), inner(crops, torch.full((1,), -2.0)), atol=1e-5)


def test_crops_of_a_batch_do_not_see_each_other() -> None:
    made, crops, sigma = restorer(), torch.rand(3, 3, 32, 32), torch.tensor([0.1, 0.3, 0.9])
    assert torch.allclose(made(crops, sigma)[1], made(crops[1:2], sigma[1:2])[0], atol=1e-5)


def test_pixels_there_and_back() -> None:
    pixels = np.random.RandomState(0).randint(0, 256, (2, 8, 8, 3)).astype(np.uint8)
    assert (np.rint(to_pixels(from_pixels(pixels))) == pixels).all()


def test_a_checkpoint_gives_the_same_network(tmp_path: Path) -> None:
    crops, sigma = torch.rand(1, 3, 32, 32), torch.tensor([0.2])
    assert torch.equal(build_restorer(checkpoint(tmp_path))(crops, sigma), restorer()(crops, sigma))


def test_another_networks_checkpoint_is_refused_in_one_line(tmp_path: Path) -> None:
    made = networks.embedder("arcface")
    torch.save({"state_dict_backbone": made.network.state_dict(), "architecture": made.architecture},
               tmp_path / "arcface.pt")
    with pytest.raises(UserError, match="not a checkpoint of the restorer; give one that train.py made"):
        build_restorer(tmp_path / "arcface.pt")


@pytest.mark.parametrize("changes, said", [({"size": 36}, "size 36: its patches and scales need a multiple of 8"),
                                           ({"widths": [8, 8]}, "widths"), ({"model": "vac"}, "it says model: vac"),
                                           ({"more": 1}, "unknown more")])
def test_an_architecture_that_cannot_be_is_refused(changes: dict, said: str) -> None:
    with pytest.raises(UserError, match=said):
        create_restorer({**SMALL, **changes})
