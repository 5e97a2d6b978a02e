import os
import pickle
import random
from collections import Counter, OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from glosses.vocabulary import GlossVocabulary
from models.checkpoint import Checkpoint
from models.registry import build
from terminal.errors import UserError
from tests.golden import published
from tests.kit import networks
from tests.kit.tiers import full

NAMES = ("slowfast", "twostream", "mska")


def save(path: Path, name: str, **changes: Any) -> Path:
    made = networks.recogniser(name)
    key = "model_state_dict" if name == "slowfast" else "model_state"
    torch.save({key: made.network.state_dict(), "architecture": made.architecture,
                "vocabulary": ["<blank>", *"ABCDEF"], **changes}, path)
    return path


@pytest.mark.parametrize("name", NAMES)
def test_a_small_sibling_comes_back_without_naming_its_config(name: str, tmp_path: Path) -> None:
    made, clip = networks.recogniser(name), networks.clip(9)
    loaded = build(name, save(tmp_path / "own.pt", name))
    np.testing.assert_allclose(networks.logits(loaded, clip), networks.logits(made, clip), rtol=1e-4, atol=1e-5)
    assert loaded.vocabulary.decode([1, 6]) == ("A", "F") and not loaded.notes
    assert not loaded.training and not any(p.requires_grad for p in loaded.parameters())


@full
@pytest.mark.parametrize("name", published.each("slowfast", "twostream"))
def test_published_keys_load_strictly_with_all_that_training_saved(name: str, tmp_path: Path) -> None:
    weights = OrderedDict((key.replace("conv2d.", "conv2d.module."), value)
                          for key, value in published.state(name).items())
    optimizer = torch.optim.Adam([torch.nn.Parameter(torch.ones(3))])
    sum(optimizer.param_groups[0]["params"]).sum().backward()
    optimizer.step()
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [1, 2])
    rng: Any = {"numpy": np.random.get_state(), "python": random.getstate(), "torch": torch.get_rng_state()}
    path = tmp_path / "published.pt"
    torch.save({"epoch": np.int64(3), "model_state_dict" if name == "slowfast" else "model_state": weights,
                "optimizer_state_dict": optimizer.state_dict(), "scheduler_state_dict": schedule.state_dict(),
                "rng_state": rng, "milestones": Counter([1])}, path)
    state = build(name, path).network.state_dict()
    for key, value in published.state(name).items():
        if key.startswith("classifier") or "gloss_output_layer" in key:
            assert torch.equal(state[key], value), key
    with Checkpoint(path) as file:
        content = file.everything()
    assert content["optimizer_state_dict"]["state"][0]["exp_avg"].tolist() == pytest.approx([0.1] * 3)
    np.random.set_state(content["rng_state"]["numpy"])
    random.setstate(content["rng_state"]["python"])
    assert torch.equal(content["rng_state"]["torch"], rng["torch"])


def test_what_the_checkpoint_says_wins_over_the_config(tmp_path: Path) -> None:
    made = networks.recogniser("twostream", pose_channels=2)
    architecture = dict(made.architecture, pose_channels=79, classes=11)
    torch.save({"model_state": made.network.state_dict(), "architecture": architecture}, tmp_path / "two.pt")
    loaded = build("twostream", tmp_path / "two.pt")
    assert (loaded.architecture["pose_channels"], loaded.architecture["classes"]) == (2, 7)
    assert "0 names for 7 classes" in loaded.notes[0]
    assert loaded.vocabulary.decode([5]) == ("#5",)


class Harm:
    def __reduce__(self) -> Any:
        return os.system, ("touch harmed",)


def error(name: str, path: Path) -> str:
    with pytest.raises(UserError) as caught:
        build(name, path)
    message = str(caught.value)
    assert "\n" not in message and path.name in message
    return message


def test_a_malicious_pickle_runs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for content in (Harm(), {"model_state_dict": {}, "scheduler": Harm()}):
        torch.save(content, "harm.pt")
        assert "contains code (posix.system)" in error("slowfast", Path("harm.pt"))
    Path("legacy.pt").write_bytes(pickle.dumps(Harm()))
    assert "not a PyTorch checkpoint" in error("slowfast", Path("legacy.pt"))
    assert not Path("harmed").exists()


def test_files_that_are_no_checkpoint_say_so(tmp_path: Path) -> None:
    whole = save(tmp_path / "own.pt", "slowfast").read_bytes()
    for content, message in ((whole[:-1000], "truncated"), (b"", "empty"), (b"<!DOCTYPE html>", "web page"),
                             (b"PNG" * 99, "not a PyTorch checkpoint")):
        path = tmp_path / "bad.pt"
        path.write_bytes(content)
        assert message in error("slowfast", path)
    torch.save([1, 2], path)
    assert "holds no network" in error("slowfast", path)
    assert "docs/checkpoints.md" in error("slowfast", tmp_path / "none.pt")


def test_a_flipped_byte_of_the_weights_is_noticed(tmp_path: Path) -> None:
    path = save(tmp_path / "own.pt", "slowfast")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    assert "damaged" in error("slowfast", path)


def test_keys_that_do_not_fit_are_counted_and_the_first_named(tmp_path: Path) -> None:
    made = networks.recogniser("slowfast")
    state = made.network.state_dict()
    del state["conv2d.s1_fuse.weight_s"]
    state["extra"] = torch.zeros(1)
    state["conv1d.main_temporal_conv.0.bias"] = torch.zeros(3)
    torch.save({"model_state_dict": state, "architecture": made.architecture}, tmp_path / "bad.pt")
    message = error("slowfast", tmp_path / "bad.pt")
    assert "1 missing (conv2d.s1_fuse.weight_s); 1 unexpected (extra); 1 of another shape" in message
    assert "[3], expected [96]" in message


def test_a_checkpoint_of_the_other_model_is_recognised(tmp_path: Path) -> None:
    assert "looks like one of TwoStream-SLR" in error("slowfast", save(tmp_path / "two.pt", "twostream"))
    assert "looks like one of SlowFastSign" in error("twostream", save(tmp_path / "slow.pt", "slowfast"))


def test_one_tensor_under_two_names_must_be_one(tmp_path: Path) -> None:
    state = {key: value.clone() for key, value in networks.recogniser("slowfast").network.state_dict().items()}
    state["conv1d.fc.0.weight"][0, 0] += 1
    assert "differ" in error("slowfast", save(tmp_path / "own.pt", "slowfast", model_state_dict=state))


def test_the_sine_table_may_be_left_out_but_not_misshapen(tmp_path: Path) -> None:
    state = networks.recogniser("twostream").network.state_dict()
    without = {key: value for key, value in state.items() if not key.endswith("pe.pe")}
    build("twostream", save(tmp_path / "own.pt", "twostream", model_state=without))
    state["recognition_network.visual_head.pe.pe"] = torch.zeros(1, 9, 9)
    assert "visual_head.pe.pe" in error("twostream", save(tmp_path / "own.pt", "twostream", model_state=state))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_named(tmp_path: Path, value: float) -> None:
    state = networks.recogniser("slowfast").network.state_dict()
    key = next(key for key in state if key.endswith("conv.weight"))
    state[key] = state[key].clone()
    state[key].view(-1)[3] = value
    with pytest.raises(UserError, match=f"{key} holds values that are not finite"):
        build("slowfast", save(tmp_path / "own.pt", "slowfast", model_state_dict=state))


def test_a_blank_beyond_the_classes_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "own.pt", "slowfast", vocabulary=None)
    with pytest.raises(UserError, match="blank is class 5000 of"):
        build("slowfast", path, vocabulary=GlossVocabulary(["a", "b"], blank=5000))
