"""The demo: two small recognisers that were trained on the synthetic signer, and new clips of it to explain."""
import argparse
from pathlib import Path
from typing import Optional, Tuple

from files.output import output_folder
from files.workspace import REPOSITORY, Workspace
from records.hiding import STILL
from records.methods import method_named
from records.question import ONE_BY_ONE
from records.requests import default_parts
from terminal.errors import UserError

CHECKPOINTS = {name: REPOSITORY / "demo" / file for name, file in
               {"slowfast": "slowfast.pt", "twostream": "twostream.ckpt", "mska": "mska.ckpt"}.items()}
PAIRS = {name: REPOSITORY / "demo" / file for name, file in     # trained on signer/minimal_pairs.py
         {"slowfast": "pairs_slowfast.pt", "twostream": "pairs_twostream.ckpt"}.items()}
MODELS = ("slowfast", "twostream")      # which are explained where none is named
KEYPOINTS = "estimated"     # of signer.synthetic.KEYPOINTS: what they were trained with
SPLIT, CLIPS = "dev", 2
METHODS = ("integrated", "layercam")        # of glosses: first the one that finds known evidence best on both networks
HIDE, BUDGET = STILL, 8                     # (docs/evidence.md), in fewer passes than for a paper
TARGET = "each"     # gloss that was read: blanks are most of what `max` adds up in a slow signer
SEED = 2026         # not the one they were trained with: other people, other sentences


def as_demo(given: argparse.Namespace) -> None:
    """The models, checkpoints, target, methods and outputs of the demo, where others are not named."""
    methods = [method_named(name) for name in given.method or ()]
    if "models" not in given.named:
        given.models = list(MODELS)
    if "target" not in given.named:
        given.target = TARGET if all(method is None or method.aimed for method in methods) else "max"
    for model in given.models:
        if getattr(given, f"{model}_ckpt") is None:
            if model not in CHECKPOINTS:
                raise UserError(f"--models {model}: the demo has checkpoints of {', '.join(CHECKPOINTS)}; choose of "
                                f"these, or name one with --{model}-ckpt")
            setattr(given, f"{model}_ckpt", str(CHECKPOINTS[model]))
    if given.target in ONE_BY_ONE and not {"method", "layers", "hide", "budget", "pool"} & set(given.named):
        given.method, given.hide, given.budget = list(METHODS), HIDE, BUDGET
    if "write" not in given.named and given.target in ONE_BY_ONE:
        given.write = [[*default_parts(given.target), "parts"]]


def with_demo_clips(given: argparse.Namespace) -> None:
    """The demo's clips, or the film that is drawn for it, where no video of the user's own is named."""
    out = output_folder(given.out or Workspace().demo_outputs / "demo")
    given.out = str(out)
    if given.video is None:
        given.data_root = str(demo_data(out, CLIPS, not given.quiet))
    elif not given.video:
        film, points, truth = demo_video(out)
        cut = any(name in given.named for name in ("longest", "start", "stop"))
        given.video, given.truth = [str(film)], given.truth or (None if cut else truth)
        if given.estimator is None:
            given.keypoints = given.keypoints or str(points)


def demo_data(out: Path, clips: int, progress: bool, distractor: Optional[str] = None) -> Path:
    """A data root whose dev split has so many new clips; made once for an output folder.

    distractor: the same clips with something that moves and means nothing, one of signer.synthetic.DISTRACTORS.
    """
    from signer.synthetic import make_workspace

    folder = "synthetic" if distractor is None else f"synthetic-{distractor}"
    return make_workspace(out / folder, {SPLIT: clips}, SEED, progress=progress, keypoints=KEYPOINTS,
                          distractor=distractor)


def demo_video(out: Path) -> Tuple[Path, Path, str]:
    """A short film of the signer somewhere in a wide picture, its keypoints as estimated, and what is signed."""
    import cv2
    import numpy as np

    from drawing.video import to_yuv, write_mp4
    from files.atomic import atomic_file
    from signer.clip import sign
    from signer.estimator import estimated
    from signer.synthetic import signer

    clip = sign(signer(SEED, "test", 0), np.random.default_rng([SEED, 3]))
    left, top, right, bottom = 390, 10, 150, 10         # beyond the signer's own picture: the wall goes on
    folder = out / "video"
    folder.mkdir(parents=True, exist_ok=True)
    film, points = folder / "drawn_signer.mp4", folder / "drawn_signer.npy"

    def wide(picture: "np.ndarray") -> "np.ndarray":
        large = cv2.resize(picture, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
        return to_yuv(cv2.copyMakeBorder(large, top, bottom, left, right, cv2.BORDER_REPLICATE))

    with atomic_file(film) as draft:
        write_mp4(draft, map(wide, clip.pictures()), 420 + left + right, 520 + top + bottom, 25)
    keypoints = estimated(clip.keypoints, np.random.default_rng([SEED, 4]))
    keypoints[..., :2] = (keypoints[..., :2] + 0.5) * 2 - 0.5 + (left, top)
    with atomic_file(points) as draft, open(draft, "wb") as file:
        np.save(file, keypoints)
    return film, points, " ".join(clip.words)
