"""Videos: what framing and keypoints cost a reading, and what a long film costs in memory.

    python benchmarks/video.py --framing                          where the drawn signers stand
    python benchmarks/video.py --framing --data-root FOLDER [--dataset NAME] [--estimator NAME]
                                                                  where those of a corpus do: by its keypoints, or as
                                                                  the estimator finds them in its frames
    python benchmarks/video.py --keypoints [--clips 12]           estimated points against drawn ones (needs MediaPipe)
    python benchmarks/video.py --cuts [--clips 20]                camera cuts found in spliced films, invented elsewhere
    python benchmarks/video.py --memory                           a film of one minute and one of ten
"""
import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

import cv2
import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.cuts import cuts  # noqa: E402
from benchmarks.standing import corpus_people, standing  # noqa: E402
from datasets.clip import Clip  # noqa: E402
from datasets.phoenix2014 import Phoenix2014  # noqa: E402
from estimation.estimator import estimator  # noqa: E402
from glosses.rules import TWOSTREAM_2014  # noqa: E402
from poses.face_mesh import parts  # noqa: E402
from poses.missing import filled  # noqa: E402
from poses.whole_body import LEFT_HAND, RIGHT_HAND  # noqa: E402
from records.requests import VideoRequest  # noqa: E402
from runs.demo import CHECKPOINTS, SEED  # noqa: E402
from runs.loading import load_recogniser  # noqa: E402
from signer.clip import SignedClip, sign  # noqa: E402
from signer.synthetic import SIGNERS, SPLITS, signer  # noqa: E402
from terminal.errors import UserError  # noqa: E402
from tests.kit.footage import write_video  # noqa: E402
from video.framing import ALIKE, STANDING, around, square, whole  # noqa: E402
from video.sequences import VideoDataset  # noqa: E402

RESULTS = Path(__file__).resolve().parent / "results"
FRAME = (260, 210)
HANDS = (*LEFT_HAND, *RIGHT_HAND)


def drawn(split: str, member: int) -> SignedClip:
    return sign(signer(SEED, split, member), np.random.default_rng([SEED, 4, SPLITS.index(split), member]))


def framing(root: Optional[str], dataset: Optional[str], name: Optional[str]) -> None:
    people = (list(corpus_people(root, dataset, name)) if root else
              [drawn(split, member).keypoints for split in SPLITS for member in range(SIGNERS[split])])
    places = [stance for stance in map(standing, people) if stance is not None]
    if not places:
        raise UserError(f"{root}: nose, eyes and shoulders are seen in none of {len(people)} sequences")
    stand = np.stack(places)
    print(f"{len(stand)} {'sequences' if root else 'drawn signers'}, x and y in a 210x260 frame, give or take; what "
          "framing supposes:")
    for name, mean, spread, supposed in zip(("nose", "left eye", "right eye", "left shoulder", "right shoulder"),
                                            stand.mean(axis=0), stand.std(axis=0), STANDING):
        print(f"  {name:<16}{mean[0]:6.1f}{mean[1]:7.1f}  +-{spread[0]:4.1f}{spread[1]:5.1f}  "
              f"{supposed[0]:7.1f}{supposed[1]:7.1f}")
    boxes = [around(points, FRAME) for points in people]
    print(f"taken whole: {sum(box == whole(FRAME) for box in boxes)} of {len(boxes)} (boxes that share {ALIKE:.0%} of "
          "their union count as one framing)")


def found_in(clip: SignedClip, scale: int) -> List[Optional[np.ndarray]]:
    """In pixels of the 210x260 picture, from one `scale` times as large."""
    pictures = (cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
                for picture in clip.pictures())
    return [None if people is None else (people[0] + (0.5, 0.5, 0)) / (scale, scale, 1) - (0.5, 0.5, 0)
            for people in estimator("mediapipe")(pictures)]


def lost_at(poses: Sequence[Optional[np.ndarray]], value: float) -> np.ndarray:
    """The same with every point that was not found at (place, place)."""
    keypoints = filled(poses)
    assert keypoints is not None
    keypoints[..., :2][keypoints[..., 2] == 0] = value
    return keypoints


def keypoints(clips: int) -> None:
    recognisers = {name: load_recogniser(name, path, "cpu", Phoenix2014(Path("none")))
                   for name, path in CHECKPOINTS.items()}
    truth: List[Tuple[str, ...]] = []
    read: Dict[str, List[Tuple[str, ...]]] = {}
    errors: Dict[str, List[float]] = {}
    seen: List[float] = []
    frames = 0
    for number in range(clips):
        clip = drawn("test", number % SIGNERS["test"]) if number < SIGNERS["test"] else drawn("dev", number)
        poses = found_in(clip, 2)
        frames += len(poses)
        estimated = filled(poses)
        assert estimated is not None
        seen.append(float((estimated[:, list(HANDS), 2] > 0).mean()))
        off = np.hypot(*(estimated - clip.keypoints)[..., :2].T).T
        named = {"nose, eyes, ears": range(5), "shoulders to wrists": range(5, 11),
                 **{name: range(part.start, part.stop) for name, part in parts()}}
        for name, places in named.items():
            errors.setdefault(name, []).append(float(off[:, list(places)].mean()))
        for name, there in (("hands, where found", True), ("hands, where put", False)):
            chosen = off[:, list(HANDS)][(estimated[:, list(HANDS), 2] > 0) == there]
            if len(chosen):
                errors.setdefault(name, []).append(float(chosen.mean()))
        tall = np.stack(list(clip.pictures()))
        shown = Clip("drawn", "test", np.stack([square(picture) for picture in tall]), tall_frames=tall)
        truth.append(clip.words)
        ways = {"exact points": clip.keypoints, "estimated": estimated, "estimated, lost ones at 0": lost_at(poses, 0),
                "estimated, lost ones far outside": lost_at(poses, -1000)}
        for way, points in ways.items():
            recogniser = recognisers["twostream"]
            with torch.no_grad():
                logits = recogniser(recogniser.prepare(Clip(shown.seq_id, shown.split, shown.frames, (), points, tall)))
            read.setdefault(way, []).append(recogniser.decode(logits[0] if logits.dim() == 3 else logits))
        if number == 0:
            draw(tall[len(tall) // 2], clip.keypoints[len(tall) // 2], estimated[len(tall) // 2])
    print(f"{clips} drawn clips, {frames} frames: hands found in {100 * np.mean(seen):.0f} % of them")
    print("mean distance from the drawn points, in pixels of the 210x260 frame:")
    for name, values in errors.items():
        print(f"  {name:<22}{np.mean(values):6.1f}")
    print("the demo's TwoStream-SLR reads, WER:")
    for way, hypotheses in read.items():
        print(f"  {way:<34}{TWOSTREAM_2014.total(zip(truth, hypotheses)).percent:6.2f} %")


def draw(picture: np.ndarray, exact: np.ndarray, estimated: np.ndarray) -> None:
    """Left the points that were drawn, right those that were found, with the numbers of the 68 of the face."""
    scale = 4
    halves = []
    for points in (exact, estimated):
        canvas = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        for index, (x, y, _) in enumerate(points):
            spot = (round(float(x) * scale), round(float(y) * scale))
            colour = (20, 110, 230) if 23 <= index < 91 else (220, 40, 60) if index < 23 else (20, 140, 40)
            cv2.circle(canvas, spot, 2, colour, -1, cv2.LINE_AA)
            if 23 <= index < 91 and index % 3 == 2:
                cv2.putText(canvas, str(index), spot, cv2.FONT_HERSHEY_SIMPLEX, 0.3, (0, 0, 0), 1, cv2.LINE_AA)
        halves.append(canvas)
    cv2.imwrite(str(RESULTS / "holistic_points.jpg"), np.concatenate(halves, axis=1)[..., ::-1],
                [cv2.IMWRITE_JPEG_QUALITY, 85])


def film(path: Path, seconds: int) -> None:
    ground = np.random.default_rng(0).integers(60, 200, (45, 80, 3), np.uint8)
    picture = cv2.resize(ground, (640, 360), interpolation=cv2.INTER_CUBIC)
    write_video(path, 25 * seconds, size=(640, 360), options={"preset": "ultrafast", "g": "100"},
                pictures=lambda number: np.roll(picture, number, axis=1))


def decode(path: str) -> None:
    """Every part of a film, one after the other; prints how many and the peak in MB."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    dataset = VideoDataset([Path(path)], VideoRequest())
    frames = sum(len(dataset.clip(index)) for index in range(len(dataset)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{len(dataset):3d} parts, {frames:5d} frames: {(peak - before) / 1024:6.0f} MB above the program's own")


def memory() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, seconds in (("one minute", 60), ("ten minutes", 600)):
            path = Path(folder) / f"{seconds}.mp4"
            film(path, seconds)
            print(f"{name:<12}", end="", flush=True)
            subprocess.run([sys.executable, __file__, "--decode", str(path)], check=True)


def main() -> None:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--framing", action="store_true")
    made.add_argument("--keypoints", action="store_true")
    made.add_argument("--cuts", action="store_true")
    made.add_argument("--memory", action="store_true")
    made.add_argument("--data-root")
    made.add_argument("--dataset")
    made.add_argument("--estimator", help="of --framing: looks at the corpus's frames, whether or not it has keypoints")
    made.add_argument("--clips", type=int)
    made.add_argument("--decode", help=argparse.SUPPRESS)
    given = made.parse_args()
    if given.decode:
        decode(given.decode)
    if given.framing:
        try:
            framing(given.data_root, given.dataset, given.estimator)
        except UserError as error:
            made.error(str(error))
    if given.keypoints:
        keypoints(given.clips or 12)
    if given.cuts:
        cuts(given.clips or 20)
    if given.memory:
        memory()


if __name__ == "__main__":
    main()
