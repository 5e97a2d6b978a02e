"""Training under DeepSpeed: by a stand-in for its engine, and by the package itself where it is installed."""
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import pytest
import torch
import torch.distributed as dist

import tests.kit.deepspeed as stand_in
import train
from models.registry import CONFIGS, build
from terminal.errors import UserError
from tests.kit.tiers import full
from tests.kit.training import differing, make_trainer, write_data, write_recipe
from training import checkpointing
from training.checkpointing import LAST
from training.config import load_config
from training.deepspeed_file import read_settings
from training.parameter_groups import layer_decayed
from training.schedules import make_optimizer

INSTALLED = importlib.util.find_spec("deepspeed") is not None
COMMON = ("trainer.bad_losses", "1", "trainer.clip", "1.0", "schedule.name", "step", "optimizer.name", "adamw",
          "data.batch_size", "1", "trainer.accumulate", "4")     # 6 batches: groups of 4 and of 2
STAGE: Dict[str, Any] = {"zero_optimization": {"stage": 1}}
BF16: Dict[str, Any] = {**STAGE, "bf16": {"enabled": True}}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("workspace"))


@pytest.fixture(scope="module", autouse=True)
def apart() -> Iterator[None]:
    """What the engine needs of its process, not of all tests'. The package takes a group of processes once."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("DS_ACCELERATOR", "LOCAL_RANK"):
            patch.setenv(name, "0")
        yield
    if dist.is_initialized():
        dist.destroy_process_group()


@pytest.fixture(params=["stand-in", pytest.param("package", marks=pytest.mark.skipif(
    not INSTALLED, reason="DeepSpeed is not installed"))])
def package(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "stand-in":
        monkeypatch.setitem(sys.modules, "deepspeed", stand_in)
    return request.param


def write(folder: Path, content: Any) -> Tuple[str, str]:
    (folder / "engine.json").write_text(content if isinstance(content, str) else json.dumps(content))
    return "trainer.deepspeed", "engine.json"


@full
def test_in_float32_it_is_the_training_without(data: Path, tmp_path: Path, package: str) -> None:
    recipe = write_recipe(tmp_path, "mamba")
    settings = (*COMMON, "trainer.amp", "false", "optimizer.lr", "0.1")
    make_trainer(data, tmp_path / "without", recipe, settings).run()
    make_trainer(data, tmp_path / "with", recipe, (*settings, *write(tmp_path, STAGE))).run()
    ours, theirs = (checkpointing.load(tmp_path / name / LAST) for name in ("with", "without"))
    for key, value in theirs["module"].items():
        assert torch.allclose(ours["module"][key].double(), value.double(), rtol=1e-4, atol=1e-5), key
    assert ours["training"] == theirs["training"]


@full
@pytest.mark.parametrize("model, content", [("slowfast", STAGE), ("mamba", BF16)])
def test_resumed_is_unbroken_to_the_bit(data: Path, tmp_path: Path, package: str, model: str,
                                        content: Dict[str, Any]) -> None:
    recipe = write_recipe(tmp_path, model)
    settings = [*COMMON, *write(tmp_path, content), "trainer.amp_type", "bf16"]
    settings += ["trainer.ema", "0.5"] if content is BF16 else ["trainer.amp", "false"]
    make_trainer(data, tmp_path / "whole", recipe, tuple(settings)).run()
    make_trainer(data, tmp_path / "parts", recipe, (*settings, "trainer.epochs", "1")).run()
    make_trainer(data, tmp_path / "parts", recipe, tuple(settings), resume=True).run()
    whole, parts = (checkpointing.load(tmp_path / name / LAST) for name in ("whole", "parts"))
    assert differing(whole, parts) == [] and whole["training"]["step"] == 4


@full
def test_its_checkpoint_goes_on_without_it(data: Path, tmp_path: Path, package: str) -> None:
    recipe = write_recipe(tmp_path, "mamba")
    settings = (*COMMON, "trainer.amp_type", "bf16")
    make_trainer(data, tmp_path / "out", recipe, (*settings, *write(tmp_path, BF16), "trainer.epochs", "1")).run()
    content = checkpointing.load(tmp_path / "out" / LAST)
    assert {value.dtype for value in content["module"].values() if value.is_floating_point()} == {torch.float32}
    # Float32 weights, not bfloat16 ones of that type.
    assert any(not torch.equal(value, value.bfloat16().float()) for value in content["module"].values())
    assert build("mamba", tmp_path / "out" / LAST).vocabulary.names[1:] == ("ABEND", "REGEN", "WIND")
    make_trainer(data, tmp_path / "out", recipe, settings, resume=True).run()


PAIRS: List[Tuple[Any, str]] = [
    ("{", "not JSON"), ("[]", "expected keys and values"),
    ({**BF16, "tain_batch_size": 2}, "tain_batch_size: not a key that train.py can honour"),
    ({**BF16, "zero_optimization": {"stage": 1, "offload_optimizer": {}}}, "offload_optimizer: not a key"),
    ({**BF16, "bf16": True}, "bf16: expected keys and values"),
    ({"bf16": {"enabled": True}}, "zero_optimization.stage: expected 1, got None"),
    ({**BF16, "zero_optimization": {"stage": 3}}, "expected 1, got 3"),
    (STAGE, "trains in float32, the recipe in bf16"), ({**STAGE, "fp16": {"enabled": True}}, "fp16: not supported"),
    ({**BF16, "torch_autocast": {"enabled": True}}, "two precisions"),
    ({**STAGE, "torch_autocast": {"enabled": True, "dtype": "float16"}}, "expected bfloat16, got 'float16'"),
    ({**BF16, "train_micro_batch_size_per_gpu": 3}, "3, but data.batch_size gives 1"),
    ({**BF16, "train_batch_size": 9}, "9, but data.batch_size x trainer.accumulate x 1 processes gives 4"),
    ({**BF16, "train_batch_size": 10 ** 400}, "but data.batch_size x trainer.accumulate x 1 processes gives 4"),
    ({**BF16, "gradient_accumulation_steps": True}, "True, but trainer.accumulate gives 4"),
    ({**BF16, "gradient_clipping": 2}, "2, but trainer.clip gives 1.0"),
    ({**BF16, "optimizer": {"type": "Lamb"}}, "optimizer: Lamb is not the AdamW of the recipe"),
    ({**BF16, "optimizer": {"type": "Adam", "params": {"adam_w_mode": False}}}, "Adam is not the AdamW"),
    ({**BF16, "optimizer": {"type": "Adam", "params": {"lr": 1}}}, "params.lr: 1, but the recipe's optimiser gives"),
    ({**BF16, "optimizer": {"type": "Adam", "params": {"betas": [0.9]}}}, r"\[0.9\], but .* gives \[0.9, 0.999\]"),
]


@pytest.mark.parametrize("content, words", PAIRS, ids=[words[:30] for _, words in PAIRS])
def test_what_cannot_be_is_refused_in_one_line(data: Path, tmp_path: Path, content: Any, words: str) -> None:
    settings = (*COMMON, "trainer.amp_type", "bf16", *write(tmp_path, content))
    with pytest.raises(UserError, match=words) as error:
        make_trainer(data, tmp_path / "out", write_recipe(tmp_path, "mamba"), settings)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("settings, words", [
    (("trainer.deepspeed", "nowhere.json"), "'nowhere.json' does not exist"),
    (("trainer.bad_losses", "3"), "trainer.bad_losses: 3 with trainer.deepspeed"),
    (("data.features", "somewhere"), "cannot be used with data.features")])
def test_recipes_that_do_not_go_with_it_are_refused(data: Path, tmp_path: Path, settings: Tuple[str, str],
                                                    words: str) -> None:
    given = (*COMMON, "trainer.amp_type", "bf16", *write(tmp_path, BF16), *settings)
    with pytest.raises(UserError, match=words):
        make_trainer(data, tmp_path / "out", write_recipe(tmp_path, "mamba"), given)


def test_batch_norms_are_not_rounded(data: Path, tmp_path: Path) -> None:
    settings = (*COMMON, "trainer.amp_type", "bf16", *write(tmp_path, BF16))
    with pytest.raises(UserError, match="is a batch norm, whose running means bf16 would round; use torch_autocast"):
        make_trainer(data, tmp_path / "out", write_recipe(tmp_path), settings)


def test_without_the_package_it_is_one_line(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                            capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "deepspeed", None)
    settings = [*COMMON, "trainer.amp_type", "bf16", *write(tmp_path, BF16)]
    assert train.main(["-c", str(write_recipe(tmp_path, "mamba")), "--data-root", str(data), "--device", "cpu",
                       "--out", str(tmp_path / "out"), "--override", *settings]) == 2
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert line == ("train.py: trainer.deepspeed: the package is not installed; pip install deepspeed, or leave it out")


def test_the_file_of_mambas_authors_agrees_with_their_recipe() -> None:
    config, architecture = load_config(CONFIGS / "train_mamba.yaml", ("trainer.deepspeed", "deepspeed_mamba.json"))
    network = torch.nn.Linear(2, 2)
    optimizer = make_optimizer(config.optimizer, layer_decayed(network, 12, 0.05, 0.75), 4)
    settings = read_settings(Path(config.trainer.deepspeed or ""), config.trainer, config.data.batch_size, 2, optimizer)
    assert settings["train_batch_size"] == 4 and settings["bf16"] == {"enabled": True}
