"""Every flag of every command, in every mode: it changes what is asked for, or is refused in one line that names it."""
import argparse
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Sequence

import pytest

import cache_pose_heatmaps
import compare
import evaluate
import figure
import keypoints
import main
import restore
import train
from files.workspace import REPOSITORY
from records.networks import RECOGNISERS
from tests.kit.commands import tiny_case
from tests.kit.flags import Caught, catch, flags_of, outcome, sample, through
from tests.kit.people import pictures, tiny_market, weights
from training.distributed import Process

# --- what each command asks of the rooms below: caught, and nothing done ---


def ask_main(catches: Callable[..., None], files: Dict[str, str]) -> None:
    catches("runs.demo:demo_data", files["data"])
    catches("runs.demo:demo_video", (Path("film.mp4"), Path("drawn.npy"), "REGEN"))
    catches("runs.loading:checkpoint_path", lambda model, given, *_: Path(given or f"{model}.pt"))
    catches("runs.loading:layer_lines", [])
    catches("runs.loading:gloss_lines", [])
    catches("runs.batch:run_batch", stops=True)


def ask_compare(catches: Callable[..., None], files: Dict[str, str]) -> None:
    catches("models.device:choose_device", lambda given: (str(given), ""))
    catches("pairs.comparison:layer_lines", [])
    catches("pairs.comparison:Comparison", stops=True)
    catches("pairs.demo:compare_people", stops=True)


def ask_evaluate(catches: Callable[..., None], files: Dict[str, str]) -> None:
    catches("runs.loading:checkpoint_path", lambda model, given, *_: Path(given or f"{model}.pt"))
    catches("files.overwrite_guard:check_ours")
    catches("runs.demo:demo_data", files["drawn"])
    catches("models.device:choose_device", lambda given: (str(given), ""))
    catches("training.distributed:join", Process("cpu"))          # type: ignore[arg-type]
    catches("runs.loading:load_checked", {})
    catches("runs.loading:load_for_pairs", {})
    catches("evidence.minimal_pairs:study", stops=True)
    catches("runs.error_rates:_read", stops=True)
    catches("evidence.drawn:drawn_clips", [])
    catches("evidence.drawn:distracted_clips", lambda make, *_: make("hand") and {})
    catches("evidence.filmed:filmed_clips", [])
    catches("evidence.real:real_study", stops=True)
    catches("evidence.study:study", {})
    catches("evidence.table:lines", [])
    catches("evidence.figure:plot")
    catches("evidence.verdict:verdict")
    catches("runs.loading:sha256", "")
    catches("results.verdict:write_verdict", stops=True)


def ask_train(catches: Callable[..., None], files: Dict[str, str]) -> None:
    catches("training.distributed:join", Process("cpu"))          # type: ignore[arg-type]
    catches("training.run:start", stops=True)
    catches("training.run:extract", stops=True)
    catches("training.identities:start", stops=True)
    catches("training.denoising:start", stops=True)


def ask_keypoints(catches: Callable[..., None], files: Dict[str, str]) -> None:
    catches("estimation.estimator:preferred", "mediapipe")
    catches("runs.keypoint_files:work_through", stops=True)


def ask_cache(catches: Callable[..., None], files: Dict[str, str]) -> None:
    catches("models.device:choose_device", lambda given: (str(given), ""))
    catches("datasets.heatmaps:HeatmapCache", through)
    catches("cache_pose_heatmaps:work_through", stops=True)


def ask_figure(catches: Callable[..., None], files: Dict[str, str]) -> None:
    catches("drawing.figure:write_figure", stops=True)


def ask_restore(catches: Callable[..., None], files: Dict[str, str]) -> None:
    catches("runs.restoring:find_prior", lambda given, *_: Path(given or "restorer.pt"))
    catches("runs.restoring:restore", stops=True)


class Command(NamedTuple):
    parser: argparse.ArgumentParser
    run: Callable[[Sequence[str]], int]
    ask: Callable[[Callable[..., None], Dict[str, str]], None]
    modes: Dict[str, str]                   # what is always given, with the names of files in braces
    values: Dict[str, str] = {}             # of flags whose value cannot be guessed: one that is not the default


CORPUS = "--data-root {data} --out {out} "
SLOWFAST = "--slowfast-ckpt {slowfast} "
FILES = {f"--{network.name}-ckpt": "{other}" for network in RECOGNISERS}
ELSEWHERE = {"--data-root": "/nowhere", "--out": "{elsewhere}", "--device": "cpu", "--dataset": "csl-daily"}
TRUTH = {"--truth": "{data}", "--tier": "Glosses"}
VIDEOS = {"--from": "0.5", "--to": "1", "--fps-in": "keep"}
COMMANDS: Dict[str, Command] = {
    "main": Command(main.parser(), main.main, ask_main, {
        "corpus": CORPUS + SLOWFAST + "--split test",
        "video": CORPUS + SLOWFAST + "--video film.mp4",
        "demo": "--demo --out {out}",
        "demo video": "--demo --out {out} --video",
        "layers": "--list-layers", "glosses": "--list-glosses", "layers of the demo": "--demo --list-layers",
    }, {**FILES, **ELSEWHERE, **VIDEOS, **TRUTH, "--parts": "4 --write parts --target each", "--seq": "clip-1",
        "--target": "pred", "--layers": "slowfast:conv1d",
        "--models": "slowfast twostream --twostream-ckpt {twostream}", "--alpha": "0.3", "--fps": "30",
        "--write": "frames", "--beside": "{data}", "--video": "other.mp4", "--crop": "1,2,210,260",
        "--keypoints": "points.npy", "--segments": "a.eaf Sentences",
        "--person": "left", "--longest": "2", "--estimator": "rtmlib", "--method": "hirescam"}),
    "compare": Command(compare.parser(), compare.main, ask_compare, {
        "picture": "--model arcface --weights {arcface} --out {out} --image {one}",
        "pair": "--model arcface --weights {arcface} --out {out} --image {one} --with {two}",
        "pair, checked": "--model arcface --weights {arcface} --out {out} --image {one} --with {two} --check",
        "folder": "--model arcface --weights {arcface} --out {out} --image {one} --with {people}",
        "market": "--model arcface --weights {arcface} --out {out} --market {market}",
        "demo": "--demo --out {out}", "layers": "--list-layers --model arcface",
        "layers of the demo": "--list-layers --demo",
    }, {**ELSEWHERE, "--model": "promptsg", "--weights": "{other}", "--image": "{two}", "--with": "{three}",
        "--market": "{data}", "--target": "dot", "--layers": "layer2", "--points": "1,2 3,4 5,6 7,8 9,10",
        "--seed": "3", "--method": "hirescam"}),
    "evaluate": Command(evaluate.parser(), evaluate.main, ask_evaluate, {
        "words": CORPUS + SLOWFAST, "evidence": "--out {out} --evidence", "film": CORPUS + "--evidence",
        "pairs": "--out {out} --evidence --pairs",
    }, {**FILES, **ELSEWHERE, **TRUTH, "--models": "slowfast twostream", "--beam": "3", "--split": "test"}),
    "train": Command(train.parser(), train.main, ask_train, {
        "recogniser": CORPUS + "-c configs/train_slowfast.yaml",
        "embedder": "--data-root {market} --out {out} -c configs/train_demo_arcface.yaml",
        "restorer": CORPUS + "-c configs/train_restorer.yaml",
    }, {**ELSEWHERE, "--config": "configs/train_vac.yaml", "--override": "trainer.epochs 1",
        "--extract": "{elsewhere}", "--watch": "3"}),
    "keypoints": Command(keypoints.parser(), keypoints.main, ask_keypoints, {
        "videos": "{one} --out {out}/points.pkl", "corpus": CORPUS + "--out {out}/points.pkl",
    }, {**ELSEWHERE, **VIDEOS, "--estimator": "rtmlib", "--person": "left", "--split": "test"}),
    "cache_pose_heatmaps": Command(cache_pose_heatmaps.parser(), cache_pose_heatmaps.main, ask_cache, {
        "corpus": CORPUS + "--split test",
    }, {**ELSEWHERE, "--seq": "clip-1"}),
    "figure": Command(figure.parser(), figure.main, ask_figure, {
        "frames": "{folder} --out {out}/figure.pdf --frames 1,3", "glosses": "{folder} --out {out}/figure.pdf",
    }, {**ELSEWHERE, "--models": "twostream", "--layers": "visual_head", "--frames": "1,2", "--glosses": "1",
        "--with": "{folder}", "--labels": "one two", "--at": "middle", "--video": "film.mp4",
        "--colormap": "viridis", "--out": "{elsewhere}/figure.png"}),
    "restore": Command(restore.parser(), restore.main, ask_restore, {
        "corpus": CORPUS + "--damage blur:2", "video": "--out {out} --damage blur:2 --video film.mp4",
    }, {**ELSEWHERE, **VIDEOS, "--damage": "down:2", "--prior": "{other}", "--seq": "clip-1", "--split": "test",
        "--video": "other.mp4", "--keypoints": "points.npy", "--person": "left", "--estimator": "rtmlib",
        "--noise": "3", "--seed": "3"}),
}
NO_DIFFERENCE = {       # where what a flag asks for is so anyway
    ("keypoints", "videos", "--overwrite"), ("keypoints", "corpus", "--overwrite"),     # nothing is there yet
    ("figure", "glosses", "--glosses"),                                                 # one was read, and is shown
    ("evaluate", "film", "--film"),                                                     # its clips are not drawn
}
CASES = [(name, mode, action) for name, command in COMMANDS.items() for mode in command.modes
         for action in flags_of(command.parser) if (name, mode, action.option_strings[-1]) not in NO_DIFFERENCE]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Dict[str, str]:
    root = tmp_path_factory.mktemp("flags")
    case = tiny_case(root)
    assert case.run("--split", "test", "--seq", "clip-3", "--target", "each", "--write", "cams", "--quiet",
                    models=("slowfast", "twostream")) == 0
    market = tiny_market(root / "market")
    one, two, three = pictures(market)
    drawn = root / "drawn"
    (drawn / "evidence").mkdir(parents=True)
    (drawn / "annotations").symlink_to(case.data / "annotations")
    (root / "other").write_bytes(b"")
    places = {"data": case.data, "out": root / "out", "elsewhere": root / "elsewhere", "drawn": drawn,
              "folder": case.out / "clip-3", "market": market, "people": market / "bounding_box_test",
              "arcface": weights(root), "one": one, "two": two, "three": three, "other": root / "other",
              **case.checkpoints}
    return {name: str(path) for name, path in places.items()}


def words(text: str, files: Dict[str, str]) -> List[str]:
    return [word.format(**files) for word in text.split()]


@pytest.mark.parametrize("name, mode, action", CASES,
                         ids=[f"{name}-{mode}{action.option_strings[-1]}" for name, mode, action in CASES])
def test_a_flag_is_honoured_or_refused(name: str, mode: str, action: argparse.Action, files: Dict[str, str],
                                       monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    command = COMMANDS[name]
    caught: Caught = []
    command.ask(lambda *rest, **more: catch(monkeypatch, caught, *rest, **more), files)
    monkeypatch.chdir(REPOSITORY)
    begins = words(command.modes[mode], files)
    values = {flag: words(value, files) if flag != "--points" else [value] for flag, value in command.values.items()}
    flag = sample(action, values)
    if flag[0] in begins and action.nargs == 0:
        pytest.skip("always given in this mode")
    before = outcome(command.run, begins, caught, capsys)
    after = outcome(command.run, [*begins, *flag], caught, capsys)
    if after[0][-1] == 2:
        line, = after[2].splitlines()
        assert flag[0] in line or any(value in line for value in flag[1:]), line
    else:
        assert after != before, f"{' '.join(flag)} changes nothing"
