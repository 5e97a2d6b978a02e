"""How the drawn clips are laid out on disk: as each of the corpora has them, in its own words."""
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Dict, List, Mapping, Optional, Sequence, Tuple, Type

if TYPE_CHECKING:
    import numpy as np

STATES, SILENCE = 3, "si"                     # of a gloss in PHOENIX-2014's frame alignment; what is none
SQUARE, TALL = FRAME_SIZES = ("256x256px", "210x260px")
CHINESE = {"REGEN": "雨", "SONNE": "太阳", "WIND": "风", "SCHNEE": "雪", "WOLKE": "云", "NORD": "北方", "SÜD": "南方",
           "MORGEN": "明天", "HEUTE": "今天", "ABEND": "晚上", "KALT": "冷", "WARM": "暖和", "GEWITTER": "雷雨",
           "BERG": "山", "OST": "东方", "BLITZ": "闪电", "NEBEL": "雾", "TAU": "露水", "WEST": "西方", "TAL": "山谷",
           "HELL": "明亮", "JETZT": "现在", "STURM": "风暴", "HAGEL": "冰雹"}


BANNER = 40             # of the 256 rows of CSL-Daily's frames


@dataclass(frozen=True)
class Drawn:
    """What a worker tells of a clip whose frames and evidence it has written."""

    split: str
    seq_id: str
    signer: str
    words: Tuple[str, ...]
    keypoints: "np.ndarray"                   # float32 [T, 133, 3]
    active: "np.ndarray"                      # int [T] place in the sentence, -1 between glosses


class Phoenix2014:
    folder = "phoenix-2014-multisigner"
    header = "id|folder|signer|annotation"
    file = "{}.corpus.csv"

    def seq_id(self, phoenix_id: str, split: str, number: int, signer: int) -> str:
        return phoenix_id

    def words(self, names: Sequence[str]) -> Tuple[str, ...]:
        return tuple(names)

    def frame_folder(self, size: str, split: str, seq_id: str) -> Optional[Path]:
        """Under the data root; None for a size that the corpus has not."""
        return Path("features") / f"fullFrame-{size}" / split / seq_id / "1"

    def frame_file(self, seq_id: str, t: int) -> str:
        return f"{seq_id.rsplit('_', 1)[0]}.avi_pid0_fn{t:06d}-0.png"

    def filmed(self, frame: "np.ndarray") -> "np.ndarray":
        """uint8 [H, W, 3] of the same size: as the corpus's frames show what is drawn."""
        return frame

    def tables(self, clips: Mapping[str, Sequence[Drawn]]) -> Dict[str, List[str]]:
        """{file under the data root: its lines}"""
        return {f"annotations/manual/{self.file.format(split)}": [self.header, *map(self.row, drawn)]
                for split, drawn in clips.items()}

    def row(self, clip: Drawn) -> str:
        return f"{clip.seq_id}|{clip.seq_id}/1/*.png|{clip.signer}|{' '.join(clip.words)}"

    def alignments(self, clips: Mapping[str, Sequence[Drawn]], names: Sequence[str]) -> Dict[str, List[str]]:
        """{file under the data root: its lines}: each frame's state, exact, of every split; none but this corpus's."""
        states = [f"{name}{state}" for name in sorted(self.words(names)) for state in range(STATES)] + [SILENCE]
        numbers = {state: number for number, state in enumerate(states)}
        lines = {"trainingClasses.txt": ["signstate classlabel", *(f"{state} {numbers[state]}" for state in states)]}
        for split, drawn in ((split, drawn) for split, drawn in clips.items() if drawn):
            lines[f"{split}.alignment"] = [
                f"{self.frame_folder(TALL, split, clip.seq_id)}/{self.frame_file(clip.seq_id, t)} {numbers[state]}"
                for clip in drawn for t, state in enumerate(frame_states(clip.words, clip.active))]
        return {f"annotations/automatic/{file}": file_lines for file, file_lines in lines.items()}


def frame_states(words: Sequence[str], active: "np.ndarray") -> List[str]:
    """Each gloss's frames in three parts as nearly even as can be, in the order of its states."""
    indices = [int(index) for index in active]
    first = {index: indices.index(index) for index in indices}
    return [SILENCE if index < 0 else
            f"{words[index]}{(t - first[index]) * STATES // indices.count(index)}" for t, index in enumerate(indices)]


class Phoenix2014T(Phoenix2014):
    folder = "PHOENIX-2014-T"
    header = "name|video|start|end|speaker|orth|translation"
    file = "PHOENIX-2014-T.{}.corpus.csv"

    def alignments(self, clips: Mapping[str, Sequence[Drawn]], names: Sequence[str]) -> Dict[str, List[str]]:
        return {}

    def frame_folder(self, size: str, split: str, seq_id: str) -> Optional[Path]:
        return Path("features") / f"fullFrame-{size}" / split / seq_id

    def frame_file(self, seq_id: str, t: int) -> str:
        return f"images{t + 1:04d}.png"

    def row(self, clip: Drawn) -> str:
        words = " ".join(clip.words)
        return f"{clip.seq_id}|{clip.seq_id}/1/*.png|-1|-1|{clip.signer}|{words}|{words.lower()}"


class CSLDaily(Phoenix2014):
    folder = "CSL-Daily"

    def alignments(self, clips: Mapping[str, Sequence[Drawn]], names: Sequence[str]) -> Dict[str, List[str]]:
        return {}

    def seq_id(self, phoenix_id: str, split: str, number: int, signer: int) -> str:
        first = {"train": 0, "dev": 500000, "test": 700000}[split]
        return f"S{first + number:06d}_P{signer:04d}_T00"

    def words(self, names: Sequence[str]) -> Tuple[str, ...]:
        return tuple(CHINESE[name] for name in names)

    def frame_folder(self, size: str, split: str, seq_id: str) -> Optional[Path]:
        return Path("sentence/frames_256x256") / seq_id if size == SQUARE else None

    def frame_file(self, seq_id: str, t: int) -> str:
        return f"{t:06d}.jpg"

    def filmed(self, frame: "np.ndarray") -> "np.ndarray":
        """Below a banner, as datasets/csl_daily.py expects it."""
        import cv2

        height, width = frame.shape[:2]
        top = height * BANNER // 256
        return cv2.copyMakeBorder(cv2.resize(frame, (width, height - top)), top, 0, 0, 0, cv2.BORDER_CONSTANT,
                                  value=(90, 60, 30))

    def tables(self, clips: Mapping[str, Sequence[Drawn]]) -> Dict[str, List[str]]:
        videos, splits = ["index|name|length|gloss|char|word|postag"], ["name|split"]
        for split, drawn in clips.items():
            for clip in drawn:
                words = " ".join(clip.words)
                row = (len(videos) - 1, clip.seq_id, len(clip.keypoints), words, " ".join("".join(clip.words)), words,
                        " ".join("n" * len(clip.words)))
                videos.append("|".join(map(str, row)))
                splits.append(f"{clip.seq_id}|{split}")
        return {"sentence_label/video_map.txt": videos, "sentence_label/split_1.txt": splits}


LAYOUTS: Dict[str, Type[Phoenix2014]] = {
    "phoenix2014": Phoenix2014, "phoenix2014-T": Phoenix2014T, "csl-daily": CSLDaily}
