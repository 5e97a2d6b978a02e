"""The synthetic signer: workspaces of any size from a seed, shaped as a corpus is, with the evidence of what was drawn.

A clip depends on the seed, its split and its number alone, so workers may draw clips in any order.
"""

import argparse
import datetime
import json
import multiprocessing
import os
import pickle
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple, Union

from files.atomic import draft_folder
from files.reading import read_text
from signer.layouts import FRAME_SIZES, LAYOUTS, TALL, Drawn, Phoenix2014
from terminal.command_exit import ended
from terminal.errors import UserError

if TYPE_CHECKING:
    import numpy as np

    from signer.look import Look
    from signer.motion import Vocabulary

SPLITS = ("train", "dev", "test")
SIZES = {"train": 20, "dev": 4, "test": 4}
SIGNERS = {"train": 32, "dev": 6, "test": 6}  # nobody is in two splits
SPECIALS = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "<mask>": 4}
FIRST_GLOSS = 4                               # PHOENIX's own file gives <mask> and REGEN one id; so does this one
DRAWING = 5                                   # counted up when the same seed no longer draws the same pictures
DISTRACTORS = ("rain", "hand", "person")      # KINDS of signer/distractors.py
KEYPOINTS = ("exact", "estimated")            # as drawn, or as an estimator would find them
VOCABULARIES = ("weather", "pairs")           # signer/motion.py, signer/minimal_pairs.py
MARK = "synthetic.json"                       # written last: the data is whole, and was made with these settings
FEW = 2                                       # clips: for fewer no process is started
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class Settings:
    sizes: Dict[str, int]
    seed: int
    signers: Dict[str, int]
    frame_sizes: Tuple[str, ...]
    layout: str
    keypoints: str
    distractor: Optional[str]
    drawing: int = DRAWING
    vocabulary: str = VOCABULARIES[0]

    def mark(self) -> str:
        """What MARK holds. The first vocabulary is not named: data from before there was a second is kept."""
        named = asdict(self)
        if self.vocabulary == VOCABULARIES[0]:
            del named["vocabulary"]
        return json.dumps(named, indent=1) + "\n"


def make_workspace(root: Union[str, "os.PathLike[str]"], sizes: Mapping[str, int] = SIZES, seed: int = 0,
                   signers: Mapping[str, int] = SIGNERS, frame_sizes: Sequence[str] = FRAME_SIZES,
                   workers: Optional[int] = None, progress: bool = False, layout: str = "phoenix2014",
                   keypoints: str = "exact", distractor: Optional[str] = None,
                   vocabulary: str = VOCABULARIES[0]) -> Path:
    """Make <root>/data/<the corpus's own name> and return it. Data already made with the same settings is kept.

    keypoints: which of KEYPOINTS recognisers get; the exact ones lie beside the evidence of each clip in any case.
    distractor: which of DISTRACTORS moves behind the signer; all else is as it would be without.
    vocabulary: which of VOCABULARIES is signed.
    """
    settings = _settings(sizes, seed, signers, frame_sizes, layout, keypoints, distractor, vocabulary)
    folder = Path(root) / "data" / LAYOUTS[layout].folder
    mark = settings.mark()
    if (folder / MARK).is_file():
        if read_text(folder / MARK) == mark:
            return folder
    elif folder.exists():
        raise UserError(f"{folder} exists and was not made by the synthetic signer; give another folder")
    with draft_folder(folder) as draft:
        _fill(draft, settings, workers, progress)
        (draft / MARK).write_text(mark, "utf-8")
    return folder


def _settings(sizes: Mapping[str, int], seed: int, signers: Mapping[str, int], frame_sizes: Sequence[str],
              layout: str, keypoints: str, distractor: Optional[str], vocabulary: str) -> Settings:
    if vocabulary not in VOCABULARIES:
        raise UserError(f"unknown vocabulary {vocabulary!r}; expected one of {', '.join(VOCABULARIES)}")
    if keypoints not in KEYPOINTS:
        raise UserError(f"unknown keypoints {keypoints!r}; expected one of {', '.join(KEYPOINTS)}")
    if distractor is not None and distractor not in DISTRACTORS:
        raise UserError(f"unknown distractor {distractor!r}; expected one of {', '.join(DISTRACTORS)}, or none")
    if layout not in LAYOUTS:
        raise UserError(f"unknown layout {layout!r}; expected one of {', '.join(LAYOUTS)}")
    for split in [*sizes, *signers]:
        if split not in SPLITS:
            raise UserError(f"unknown split {split!r}; expected one of {', '.join(SPLITS)}")
    for size in frame_sizes:
        if size not in FRAME_SIZES:
            raise UserError(f"unknown frame size {size!r}; expected one of {', '.join(FRAME_SIZES)}")
    if seed < 0 or min([*sizes.values(), 0]) < 0 or min([*signers.values(), 1]) < 1:
        raise UserError("a negative seed or number of clips, or a split without signers; "
                        "expected a seed and sizes from 0, and at least 1 signer a split")
    return Settings({split: int(sizes.get(split, 0)) for split in SPLITS}, int(seed),
                    {split: int(signers.get(split, SIGNERS[split])) for split in SPLITS},
                    tuple(size for size in FRAME_SIZES if size in frame_sizes), layout, keypoints, distractor,
                    vocabulary=vocabulary)


def _fill(root: Path, settings: Settings, workers: Optional[int], progress: bool) -> None:
    import numpy as np

    layout, names = LAYOUTS[settings.layout](), tuple(_vocabulary(settings.vocabulary).glosses)
    manual = root / "annotations" / "manual"
    for folder in (manual, root / "keypoints", root / "evidence"):
        folder.mkdir(parents=True)
    jobs = [(split, number) for split in SPLITS for number in range(settings.sizes[split])]
    keypoints: Dict[str, np.ndarray] = {}
    clips: Dict[str, List[Drawn]] = {split: [] for split in SPLITS}
    for clip in _draw_all(root, settings, jobs, workers, progress):
        # a copy has NumPy's own float32; what came from a worker has one of its own, and would pickle otherwise
        keypoints[clip.seq_id] = clip.keypoints.astype(np.float32)
        clips[clip.split].append(clip)
    for file, lines in {**layout.tables(clips), **layout.alignments(clips, names)}.items():
        (root / file).parent.mkdir(exist_ok=True)
        (root / file).write_text("\n".join(lines) + "\n", "utf-8")
    _pickle(root / "keypoints" / "keypoints.pkl", keypoints)
    _pickle(manual / "gloss2ids.pkl", gloss_ids(layout, names))


def _pickle(path: Path, value: object) -> None:
    with open(path, "wb") as file:
        pickle.dump(value, file, protocol=4)


def gloss_ids(layout: Phoenix2014, names: Sequence[str]) -> Dict[str, int]:
    return {**SPECIALS, **{name: FIRST_GLOSS + index for index, name in enumerate(layout.words(names))}}


def _vocabulary(name: str) -> "Vocabulary":
    from signer import minimal_pairs, motion

    return {"weather": motion.WEATHER, "pairs": minimal_pairs.VOCABULARY}[name]


def _draw_all(root: Path, settings: Settings, jobs: Sequence[Tuple[str, int]], workers: Optional[int],
              progress: bool) -> Iterable[Drawn]:
    """Every clip, in order, drawn by as many processes as there are cores, or here where there are few: to start a
    process takes as long as to draw a clip."""
    import cv2
    from tqdm import tqdm

    work = partial(_draw, root, settings)
    count = min(workers, len(jobs)) if workers else min(len(os.sched_getaffinity(0)), len(jobs) // FEW)
    if count <= 1:
        yield from tqdm(map(work, jobs), total=len(jobs), disable=None if progress else True, unit="clip")
        return
    # forked processes would share the threads of OpenCV and of whatever reads video, and wait for them
    with ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), cv2.setNumThreads, (0,)) as pool:
        yield from tqdm(pool.map(work, jobs), total=len(jobs), disable=None if progress else True, unit="clip")


def _draw(root: Path, settings: Settings, job: Tuple[str, int]) -> Drawn:
    """Draw one clip and write its frames and evidence."""
    import cv2

    from signer.clip import distracted, sign
    from signer.estimator import estimated
    from signer.evidence import SIDE, write_evidence
    split, number = job
    layout, before = LAYOUTS[settings.layout](), sum(settings.signers[other] for other in SPLITS[:SPLITS.index(split)])
    member = number % settings.signers[split]
    name = layout.seq_id(sequence_id(split, number), split, number, before + member + 1)
    clip = sign(signer(settings.seed, split, member), _rng(settings, 2, split, number),
                _vocabulary(settings.vocabulary))
    if settings.distractor is not None:
        clip = distracted(clip, settings.distractor, _rng(settings, 5, split, number))
    places = {size: layout.frame_folder(size, split, name) for size in settings.frame_sizes}
    folders = {size: root / folder for size, folder in places.items() if folder is not None}
    for folder in folders.values():
        folder.mkdir(parents=True)
    for t, picture in enumerate(clip.pictures() if folders else ()):
        picture = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
        for size, folder in folders.items():
            frame = layout.filmed(picture if size == TALL else cv2.resize(picture, (SIDE, SIDE)))
            # cv2.imwrite has no word for a full disk.
            file = folder / layout.frame_file(name, t)
            _, data = cv2.imencode(file.suffix, frame, [cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE])
            file.write_bytes(data.tobytes())
    words = layout.words(clip.words)
    write_evidence(root / "evidence" / f"{name}.npz", replace(clip.evidence(), names=words), clip.keypoints)
    keypoints = (clip.keypoints if settings.keypoints == "exact"
                 else estimated(clip.keypoints, _rng(settings, 4, split, number)))
    return Drawn(split, name, f"Signer{before + member + 1:02d}", words, keypoints, clip.motion.active)


def _rng(settings: Settings, purpose: int, split: str, number: int) -> "np.random.Generator":
    import numpy as np

    return np.random.default_rng([settings.seed, purpose, SPLITS.index(split), number])


@lru_cache(maxsize=None)
def signer(seed: int, split: str, member: int) -> "Look":
    import numpy as np

    from signer.look import cast
    return cast(np.random.default_rng([seed, 1, SPLITS.index(split), member]))


def sequence_id(split: str, number: int) -> str:
    """An id such as PHOENIX has: 01April_2010_Thursday_heute_default-8."""
    day = number // 8 * len(SPLITS) + SPLITS.index(split)
    date = datetime.date(2009, 7, 1) + datetime.timedelta(day)
    programme = ("heute", "tagesschau")[number % 8 // 4]
    return (f"{date.day:02d}{MONTHS[date.month - 1]}_{date.year}_{WEEKDAYS[date.weekday()]}_{programme}"
            f"_default-{number % 4 * 5 + day % 5}")


def main(arguments: Optional[Sequence[str]] = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m signer.synthetic", description="Make a workspace with a drawn signer.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("root", help="workspace to make; the data goes to ROOT/data/")
    for split in SPLITS:
        parser.add_argument(f"--{split}", type=int, default=SIZES[split], metavar="CLIPS", help=f"clips in {split}")
        parser.add_argument(f"--{split}-signers", type=int, default=SIGNERS[split], metavar="N",
                            help=f"people who sign in {split} and nowhere else")
    parser.add_argument("--seed", type=int, default=0, help="the same seed and numbers draw the same data")
    parser.add_argument("--frames", choices=["both", *FRAME_SIZES], default="both", help="frame sizes to write")
    parser.add_argument("--layout", choices=tuple(LAYOUTS), default="phoenix2014", help="the corpus it is shaped as")
    parser.add_argument("--keypoints", choices=KEYPOINTS, default="exact",
                        help="as drawn, or as an estimator finds them: jittered, and hands lost or swapped")
    parser.add_argument("--distractor", choices=DISTRACTORS, default=argparse.SUPPRESS,
                        help="what moves behind the signer and means nothing; all else stays as it is without "
                             "(default: nothing)")
    parser.add_argument("--vocabulary", choices=VOCABULARIES, default=VOCABULARIES[0],
                        help="what is signed: weather reports, or glosses in pairs that differ in one thing alone")
    parser.add_argument("--workers", type=int, default=argparse.SUPPRESS, help="processes (default: one a core)")
    options = parser.parse_args(arguments)
    return ended("signer.synthetic", lambda: _make(options), "the same command starts over")


def _make(options: argparse.Namespace) -> int:
    print(make_workspace(
        options.root, {split: getattr(options, split) for split in SPLITS}, options.seed,
        {split: getattr(options, f"{split}_signers") for split in SPLITS},
        FRAME_SIZES if options.frames == "both" else (options.frames,), getattr(options, "workers", None),
        progress=True, layout=options.layout, keypoints=options.keypoints,
        distractor=getattr(options, "distractor", None), vocabulary=options.vocabulary))
    return 0


if __name__ == "__main__":
    sys.exit(main())
