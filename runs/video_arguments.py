"""The flags for videos of the user's own, and what they ask for."""
import argparse
from typing import Any, Callable, Optional

from files.workspace import expanded
from glosses.elan_tier import is_elan
from records.requests import VideoRequest
from terminal.command_line import refuse
from terminal.errors import UserError
from terminal.numbers import seconds

ESTIMATORS = ("mediapipe", "rtmlib", "rtmlib-performance", "rtmlib-balanced", "rtmlib-lightweight", "none")
OF_VIDEOS = ("start", "stop", "fps_in", "truth", "tier", "segments", "crop", "keypoints", "person", "longest",
             "estimator", "restored")


def video_arguments(add: Callable[..., Any]) -> None:
    add("--video", nargs="*", metavar="FILE",
        help="video files, or folders of pictures; with --demo and no name: one that is drawn for it")
    taking_arguments(add)
    add("--truth", metavar="GLOSSES|FILE.eaf",
        help="what is signed, for the word error rate: glosses, or an ELAN annotation file")
    add("--tier", metavar="NAME", help="the tier of --truth FILE.eaf that has the glosses (default: the only one)")
    add("--segments", nargs="+", metavar=("FILE.eaf", "TIER"),
        help="an ELAN annotation file, and its tier (default: the only one): each interval is read as a clip of "
             "its own, as segmenters find sentences; no glosses are needed")
    add("--crop", default="auto", metavar="auto|X,Y,W,H",
        help="which part of the picture the recognisers see, at 210:260: around the signer, as in the corpus (auto), "
             "or these pixels (default: auto)")
    add("--keypoints", metavar="FILE",
        help="the signer's points: .pose, JSON of OpenPose, MMPose or MediaPipe (or a folder with one for each frame, "
             "or a .pose for each video), or npz, npy or pickle of [T,133,3] in pixels of the video (default: found)")
    add("--restored", action="store_true",
        help="read what restore.py made, whose hands and faces are invented; page and video say so")
    add("--longest", type=seconds, metavar="SECONDS",
        help="a longer video is read in parts that end where hands rest (without keypoints: equal ones; default: 16)")


def taking_arguments(add: Callable[..., Any]) -> None:
    """Those that say which frames are taken, and who finds keypoints in them."""
    add("--from", dest="start", type=seconds, default=0.0, metavar="SECONDS", help="where to begin (default: 0)")
    add("--to", dest="stop", type=seconds, metavar="SECONDS", help="where to stop (default: the end)")
    add("--fps-in", metavar="keep|RATE",
        help="keep: every frame; or the frame rate of the file, if its time stamps are wrong (default: 25 frames a "
             "second are taken by time stamp, the rate that the recognisers know)")
    add("--estimator", type=_estimator, metavar="NAME|FILE.onnx",
        help=f"finds keypoints: {', '.join(ESTIMATORS)}; rtmlib takes the most exact of its whole-body models whose "
             "weights are there; or weights of your own for it, of 133 points (default: one that is installed)")
    add("--person", metavar="left|right|N",
        help="which of several people signs: N counts from the left (default: the one with the widest shoulders)")


def _estimator(text: str) -> str:
    if text in ESTIMATORS:
        return text
    if text.lower().endswith(".onnx"):
        return str(expanded(text).absolute())
    raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(ESTIMATORS)}, and not an .onnx file")


def check_video_flags(given: argparse.Namespace) -> None:
    """UserError for those that are of no use beside the others."""
    if given.video is None:
        refuse(given, OF_VIDEOS, "only with --video")
    else:
        refuse(given, ("seq", "split"), "--video takes files of your own, not a corpus's sequences")


def videos_asked(given: argparse.Namespace) -> Optional[VideoRequest]:
    from video.framing import asked as asked_crop
    from video.video_parts import asked_rate

    if given.video is None:
        return None
    if not given.video:
        raise UserError("--video names no video; give one or more files or folders of pictures")
    if given.longest == 0:
        raise UserError("--longest 0: expected more than 0 seconds")
    keep, rate = asked_rate(given.fps_in)
    annotation = expanded(given.truth).absolute() if is_elan(given.truth or "") else None
    if given.tier and annotation is None:
        raise UserError(f"--tier {given.tier} is for --truth FILE.eaf; name the file, or leave it out")
    segments = given.segments or [""]
    if given.segments and (len(segments) > 2 or not is_elan(segments[0])):
        raise UserError(f"--segments {' '.join(segments)}: expected an ELAN file (.eaf), and the name of its tier")
    crop = asked_crop(given.crop)
    return VideoRequest(
        start=given.start, stop=given.stop, keep=keep, rate=rate,
        crop=(crop.left, crop.top, crop.width, crop.height) if crop else None,
        keypoints=expanded(given.keypoints).absolute() if given.keypoints else None,
        truth=() if annotation else tuple((given.truth or "").split()), annotation=annotation, tier=given.tier or "",
        segments=expanded(segments[0]).absolute() if given.segments else None, segment_tier=" ".join(segments[1:]),
        longest=given.longest or VideoRequest.longest,
        paths=tuple(expanded(path).absolute() for path in given.video), estimator=given.estimator, person=given.person,
        restored=given.restored)
