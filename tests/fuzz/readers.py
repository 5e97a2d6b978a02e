"""Every reader of what others wrote, with files it takes and the ways in which others may be made of them.

A reader gets a file in a folder of its own. It may give whatever it likes, or raise a UserError.
"""
import io
import json
import pickle
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, List

import numpy as np
from hypothesis import strategies as st

from files.workspace import REPOSITORY
from tests.fuzz.inputs import archives, damaged, headers, npz, pickled, pngs, programs, records, texts, values, zipped
from tests.fuzz.samples import EAF, EAF_HEAD, POSE_FRAMES, XML_WORDS


@dataclass(frozen=True)
class Reader:
    file: str                                   # its name
    read: Callable[[Path], Any]
    inputs: Callable[[], "st.SearchStrategy[bytes]"]


def _one_of(*strategies: Any) -> Callable[[], Any]:
    return lambda: st.one_of(*strategies)


POINTS = np.zeros((2, 133, 3), np.float32)
INFO = {0: {"fileid": "a", "folder": "a/*.png", "signer": "s", "label": "A B"}, "prefix": "x"}
ABOUT = {"slowfast": {"target": "max", "glosses": [], "layers": {"a": {
    "size": [4, 8, 8], "seen": [0, 4], "box": [0, 8, 0, 8], "flags": [], "per_frame": False, "void": False}}}}
CAMS = {"slowfast__logits": np.zeros((2, 3)), "slowfast__viewport": np.zeros(4), "about": np.array(json.dumps(ABOUT)),
        "slowfast__a__raw": np.zeros((1, 2, 2), np.float32), "slowfast__a__frames": np.zeros(1),
        "slowfast__a__rows": np.arange(2.0), "slowfast__a__columns": np.arange(2.0),
        "slowfast__a__lows": np.zeros(4, np.float32), "slowfast__a__highs": np.ones(4, np.float32)}
VERDICT = {"sha256": "abc", "layers": {"a": {"gradcam": {"line": "well", "mass_ratio": [1, 2, 3]}}}}
RANGE = {"sha256": "abc", "split": "dev", "clips": 2, "confidence": [0.1, 0.9], "blank": [0.1, 0.9]}
PREDS = {"sequence": "a", "split": "dev", "dataset": "phoenix2014", "data_root": "..", "frames": 9, "fps": 25.0,
         "signer": "s", "truth": ["A"], "settings": {"colormap": "turbo", "normalise": "clip"}, "seconds": {"total": 1},
         "peak_memory": 1, "models": {"slowfast": {
             "title": "SlowFast", "glosses": ["A"], "wer": {"wer": 0, "sub": 0, "ins": 0, "del": 0, "reference": 1},
             "spans": [{"gloss": "A", "start": 0, "stop": 4, "score": 0.5, "verdict": "right"}], "deleted": [
                 {"gloss": "B", "position": 1}], "truth_spans": [], "layers": {"a": {"flags": []}}, "target": "max"}}}
TABLE = b"id|folder|signer|annotation\na|a/1/*.png|S|A B\nb|b|S|\n"
CLASSES, ALIGNED = b"signstate classlabel\nA0 1\nA1 2\nsi 0\n", b"f/dev/a/1/0.png 1\nf/dev/a/1/1.png 0\n"
ENGINE = json.loads((REPOSITORY / "configs" / "deepspeed_mamba.json").read_text())
RECIPE = b"model: {architecture: slowfast.yaml}\ntrainer:\n  epochs: 3\n  ema: 1e-3\nschedule: {milestones: [1, 2]}\n"

FACTS: Dict[str, Any] = {
    "format": 1, "network": "vac", "backbone": "0f", "architecture": {"size": 224}, "split": "train", "clips": 1,
    "views": 1, "numbers": "float32", "channels": 2, "settings": {"seed": 0}}
INDEX = {"rows": 3, "clips": [["a", 3, 90, [[0, 3]]]]}


def _saved(array: Any) -> bytes:
    data = io.BytesIO()
    np.save(data, array)
    return data.getvalue()


def _picture(form: str) -> bytes:
    from PIL import Image

    data = io.BytesIO()
    Image.fromarray(np.arange(16 * 16 * 3, dtype=np.uint8).reshape(16, 16, 3)).save(data, form)
    return data.getvalue()


def _film(suffix: str, codec: str) -> bytes:
    import tempfile

    from tests.kit.footage import write_video

    with tempfile.TemporaryDirectory() as folder:
        return write_video(Path(folder) / f"a{suffix}", 4, codec, size=(48, 32),
                           pixels="bgr0" if codec == "ffv1" else "yuv420p",
                           pictures=lambda number: np.full((32, 48, 3), 60 * number, np.uint8)).read_bytes()


def _footage(path: Path) -> None:
    from video.footage import open_footage, taken

    footage = open_footage(path)
    frames = taken(footage, 0, None)
    for _ in zip(range(3), footage.show(frames)):
        pass


def _frame(path: Path) -> None:
    from datasets.frames import decode_frames

    decode_frames([path])


def _folder(path: Path) -> None:
    from video.picture_folder import PictureFolder

    list(PictureFolder(path.parent, 25).show(np.array([0])))


def _keypoints(path: Path) -> None:
    from poses.keypoint_pickle import sequences

    for _ in sequences(path):
        pass


def _alignment(path: Path) -> None:
    from datasets.alignment import State, read_alignment, read_classes

    read_alignment(path, {"a"}, {0: State(None, 0), 1: State("A", 0)})
    read_classes(path)


def _csl(path: Path) -> None:
    from datasets.csl_daily import CSLDaily

    (path.parent / "split_1.txt").write_text("name|split\na|dev\n")
    CSLDaily(path.parent).read("dev")


def _cams(path: Path) -> None:
    from results.cams import lines, read_cams

    cams = read_cams(path)
    lines(cams)
    for explanation in cams.values():
        for layer in explanation.layers.values():
            layer.laid.at(layer.laid.extent.seen[0])


def _verdict(path: Path) -> None:
    from results.verdict import known_verdict, layer_line

    layer_line(known_verdict(path.with_name("x.pt"), "abc")[0], "a", "gradcam")


def _range(path: Path) -> None:
    from records.sequence import Certainty
    from results.certainty import certainty_line, known_range

    certainty_line(Certainty(0.5, 0.5, ""), known_range(path.with_name("x.pt"), "abc"))


def _neighbour(path: Path) -> None:
    """A record that is as it was written, whatever it says."""
    from reports.report import write_index
    from results.folder import finished
    from results.manifest import write_manifest

    folder = path.parent / "clip"
    folder.mkdir()
    shutil.copy(path, folder / "preds.json")
    try:
        write_manifest(folder, {}, {})
        finished(path.parent, "clip")
        write_index(path.parent)
    finally:
        shutil.rmtree(folder)


def _manifest(path: Path) -> None:
    from results.existing_result import check_holder, existing

    folder = path.parent / "clip"
    folder.mkdir()
    shutil.copy(path, folder / "manifest.json")
    shutil.copy(path, path.parent / ".lock-clip")
    try:
        existing(folder, {"a": 1}, {})
        check_holder(path.parent, "clip", {"a": 1})
    finally:
        shutil.rmtree(folder)


def _table(path: Path) -> None:
    from reports.index import _table as table
    from reports.study import study

    table(path, study)


def _parts_table(path: Path) -> None:
    from reports.index import _table as table
    from reports.parts_study import parts_study

    table(path, parts_study)


def _lists(module: str, function: str, *more: Any) -> Callable[[Path], Any]:
    def read(path: Path) -> Any:
        from importlib import import_module

        return getattr(import_module(module), function)(path, *more)
    return read


def _figure(path: Path) -> None:
    from results.explained_run import read_record

    read_record(path.parent)


def _json_poses() -> List[bytes]:
    return [json.dumps(frame).encode() for frame in POSE_FRAMES]


def _json_frames() -> List[bytes]:
    from tests.kit.foreign_poses import mmpose_frame, openpose_frame

    return [json.dumps(frame).encode() for frame in (openpose_frame([np.ones((137, 3))]),
                                                     mmpose_frame(1, [np.ones((133, 3))]))]


def _poses() -> List[bytes]:
    from tests.kit.foreign_poses import HOLISTIC, OPENPOSE, WHOLE_BODY, pose_file

    return [pose_file(parts, np.ones((2, people, count, 2)), np.ones((2, people, count)), version)
            for parts, count in ((HOLISTIC, 543), (OPENPOSE, 137), (WHOLE_BODY, 133))
            for version, people in ((0.1, 1), (0.2, 2))]


def _glosses_row() -> bytes:
    from results.glosses import COLUMNS

    return (",".join(COLUMNS) + "\n" + ",".join("0.5" for _ in COLUMNS) + "\n").encode()


def _parts_rows() -> bytes:
    from results.parts import COLUMNS, PARTS

    cells = {"part": "hands", "in_picture": "yes", "hide": "still", "hidden_keypoints": "gone", "side": ""}
    row = ",".join(cells.get(name, "0.5") for name in COLUMNS[PARTS])
    return (",".join(COLUMNS[PARTS]) + "\n" + row + "\n").encode()


def light() -> Dict[str, Reader]:
    """Those that need no torch."""
    plain = [pickle.dumps({"A": 1, "B": [2, None]}, 4), pickle.dumps({"k": POINTS[:, :2]}, 2),
             pickle.dumps([{"file_path": "a/0.png", "predictions": {
                 "keypoints": POINTS[0, :, :2], "keypoint_scores": POINTS[0, :, 0]}}], 4),
             pickle.dumps({"a": POINTS}, 5)]
    objects = [_saved(np.array(INFO, dtype=object)), _saved(np.array({"A": [1, 2]}, dtype=object)), _saved(POINTS)]
    pictures = [_picture(form) for form in ("PNG", "JPEG", "BMP", "WEBP", "TIFF", "PPM")]
    pictured = _one_of(damaged(pictures), pngs(pictures[0]))
    films = [_film(".mp4", "libx264"), _film(".mkv", "ffv1"), _film(".avi", "mpeg4")]
    cams = npz(**CAMS)
    words = ("id", "|", "\n", "a", "annotation", "folder", "\x00", "..", "*", "/", "\ufeff", "\u2028", "signer", "\\")
    tables = _one_of(damaged([TABLE]), texts(words))
    return {
        "pickle": Reader("a.pkl", _lists("files.safe_pickle", "load_pickle"), _one_of(programs(), damaged(plain))),
        "npy of anything": Reader("a.npy", _lists("files.safe_pickle", "load_npy"), _one_of(
            headers(), damaged(objects))),
        "npy": Reader("a.npy", _lists("files.arrays", "load_npy"), _one_of(headers(), damaged(objects[2:]))),
        "npz": Reader("a.npz", _lists("files.arrays", "load_npz"), _one_of(
            archives(cams, headers(), True), damaged([zipped(cams)]))),
        "cams.npz": Reader("cams.npz", _cams, _one_of(archives(cams, headers(), True), records(ABOUT).map(
            lambda data: zipped({**cams, **npz(about=np.array(data.decode("utf-8", "replace")))})))),
        "keypoints.pkl": Reader("a.pkl", _keypoints, _one_of(programs(), damaged(plain), pickled())),
        "keypoints.npz": Reader("a.npz", _lists("poses.keypoint_file", "read_keypoints", "a"),
                                _one_of(archives(npz(a=POINTS), headers(), True))),
        ".pose": Reader("a.pose", _lists("poses.keypoint_file", "read_keypoints", "a"), _one_of(damaged(_poses(), 6))),
        "keypoints.json": Reader("a.json", _lists("poses.keypoint_file", "read_keypoints", "a"), _one_of(
            damaged(_json_poses()), *map(records, POSE_FRAMES))),
        "keypoints folder": Reader("a_1.json", lambda path: _lists("poses.keypoint_file", "read_keypoints", "a")(
            path.parent), _one_of(damaged(_json_frames()), *map(records, map(json.loads, _json_frames())))),
        "eaf": Reader("a.eaf", _lists("glosses.elan_truth", "elan_truth"), _one_of(damaged([EAF, EAF]), texts(
            XML_WORDS).map(lambda data: EAF_HEAD + data), texts(XML_WORDS))),
        "gloss2ids.pkl": Reader("a.pkl", _lists("glosses.vocabulary", "load_gloss2ids"), _one_of(
            damaged(plain), pickled())),
        "gloss_dict.npy": Reader("a.npy", _lists("glosses.vocabulary", "load_gloss_dict"), _one_of(
            damaged(objects), values().map(lambda item: _saved(np.array([item, None], dtype=object)[:1].reshape(()))))),
        "corpus": Reader("dev.corpus.csv", _lists("datasets.corpus", "read_corpus", "dev"), tables),
        "info.npy": Reader("dev_info.npy", _lists("datasets.corpus", "read_corpus", "dev"), _one_of(
            damaged(objects), st.dictionaries(st.integers(0, 3), st.fixed_dictionaries(
                {"fileid": values(), "folder": values(), "label": values()})).map(
                lambda entries: _saved(np.array(entries, dtype=object))))),
        "csl-daily": Reader("video_map.txt", _csl, _one_of(damaged([b"index|name|gloss\n1|a|A\n"]), texts(words))),
        "alignment": Reader("dev.alignment", _alignment, _one_of(damaged([CLASSES, ALIGNED]), texts(
            (*words, "0", "1", " ", "\u00b2", "si", "-")))),
        "points": Reader("points.csv", _lists("pairs.face_alignment", "read_points"), _one_of(
            damaged([b"name\na.png,1,2,3,4,5,6,7,8,9,10\n"]), texts((*words, ",", '"', "1", "nan", "1e999")))),
        "verdict": Reader("x.pt.evidence.json", _verdict, _one_of(
            records(VERDICT), damaged([json.dumps(VERDICT).encode()]))),
        "range": Reader("x.pt.certainty.json", _range, _one_of(records(RANGE), damaged([json.dumps(RANGE).encode()]))),
        "preds.json": Reader("preds.json", _figure, _one_of(records(PREDS), damaged([json.dumps(PREDS).encode()]))),
        "neighbour": Reader("preds.json", _neighbour, _one_of(records(PREDS))),
        "manifest": Reader("m.json", _manifest, _one_of(records(
            {"settings": {"a": 1}, "inputs": {}, "files": {"b": 1}, "record": "c"}), damaged([b"{}"]))),
        "parts.csv": Reader("p.csv", _parts_table, _one_of(damaged([_parts_rows()]), texts((*words, ",", "0.5", '"')))),
        "glosses.csv": Reader("g.csv", _table, _one_of(damaged([_glosses_row()]), texts((*words, ",", "0.5", '"')))),
        "picture": Reader("a.png", _lists("datasets.pictures", "read_picture"), pictured),
        "picture folder": Reader("a.png", _folder, pictured),
        "frame": Reader("a.png", _frame, pictured),
        "video": Reader("a.mp4", _footage, _one_of(damaged(films, 4))),
    }


def heavy() -> Dict[str, Reader]:
    """Those that need torch."""
    import torch

    data = io.BytesIO()
    torch.save({"state_dict": {"a": torch.arange(6.).view(2, 3)}, "architecture": {}, "training": {}}, data)
    import zipfile

    with zipfile.ZipFile(io.BytesIO(data.getvalue())) as file:
        whole: Dict[str, bytes] = {name: file.read(name) for name in file.namelist()}
    recipes: List[bytes] = [RECIPE]
    yaml = ("model", ": ", "\n", "  ", "{", "}", "[", "]", "&a", "*a", "<<: ", "- ", "!!", "? ", "|", ">", "'", '"',
            "1e3", "0x", "1:2:3", "2001-01-01", "trainer", "epochs", "architecture", "slowfast.yaml", "~", "%",
            "@", "#")
    return {
        "checkpoint": Reader("a.pt", _lists("training.checkpointing", "load"), _one_of(
            archives(whole, programs(), False), damaged([data.getvalue()]))),
        "recipe": Reader("a.yaml", _lists("training.config", "load_config"), _one_of(damaged(recipes), texts(yaml))),
        "deepspeed": Reader("a.json", _engine_file, _one_of(records(ENGINE), damaged([json.dumps(ENGINE).encode()]))),
        "features": Reader("f.json", _features, _one_of(records(FACTS), damaged([json.dumps(FACTS).encode()]))),
        "feature index": Reader("i.json", _feature_index, _one_of(records(INDEX),
                                                                  damaged([json.dumps(INDEX).encode()]))),
        "heat maps": Reader("a.npy", _heatmaps, _one_of(headers(), damaged([_saved(POINTS.astype(np.float16))]))),
    }


def _engine_file(path: Path) -> None:
    import torch

    from training.deepspeed_file import read_settings
    from training.recipe import TrainerConfig

    read_settings(path, TrainerConfig(amp_type="bf16", clip=5.0, bad_losses=1), 2, 1,
                  torch.optim.AdamW([torch.zeros(1)], weight_decay=0.05))


def _features(path: Path) -> None:
    from training.feature_store import read_facts

    shutil.copy(path, path.parent / "store.json")
    read_facts(path.parent)


def _feature_index(path: Path) -> None:
    from tests.kit.training import entry
    from training.feature_store import Facts, FeatureStore

    (path.parent / "store.json").write_text(json.dumps(FACTS))
    shutil.copy(path, path.parent / "shard-00000.json")
    (path.parent / "shard-00000.bin").write_bytes(bytes(24))
    FeatureStore(path.parent, Facts(**FACTS), [entry("a")]).read(0, 0)


def _heatmaps(path: Path) -> None:
    from datasets.heatmaps import HeatmapCache

    HeatmapCache(path.parent).read("a", POINTS)
