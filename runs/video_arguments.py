"""The flags for videos of the user's own, and what they ask for."""
import argparse
from typing import TYPE_CHECKING, Any, Callable, Optional

from files.workspace import expanded
from terminal.errors import UserError

if TYPE_CHECKING:   # a command tells its flags before anything is loaded
    from runs.videos import Videos


MOST = 10 ** 6      # seconds, eleven days


def video_arguments(add: Callable[..., Any]) -> None:
    add("--video", nargs="*", metavar="FILE",
        help="video files, or folders of pictures; with --demo and no name: one that is drawn for it")
    taking_arguments(add)
    add("--truth", metavar="GLOSSES", help="what is signed, for the word error rate")
    add("--crop", default="auto", metavar="auto|X,Y,W,H",
        help="what of the picture the recognisers are shown, at 210:260: around the signer, as the corpus frames its "
             "own, or these pixels (default: auto)")
    add("--keypoints", metavar="FILE", help="npz, npy or pickle of [T,133,3] in pixels of the video (default: found)")
    add("--longest", type=_seconds, metavar="SECONDS", help="a longer video is read in equal parts (default: 16)")


def taking_arguments(add: Callable[..., Any]) -> None:
    """Those that say which frames are taken, and who finds keypoints in them."""
    add("--from", dest="start", type=_seconds, default=0.0, metavar="SECONDS", help="where to begin (default: 0)")
    add("--to", dest="stop", type=_seconds, metavar="SECONDS", help="where to stop (default: the end)")
    add("--fps-in", metavar="keep|RATE",
        help="keep every frame; or the file's frames a second, where its time stamps are wrong (default: 25 a second "
             "are taken by time stamp, the rate that recognisers know)")
    add("--estimator", choices=("mediapipe", "rtmlib", "none"), help="finds keypoints (default: one that is installed)")


def videos_asked(given: argparse.Namespace) -> "Optional[Videos]":
    from runs.videos import videos
    from video.framing import asked as asked_crop
    from video.video_parts import LONGEST, Wanted, asked_rate

    flags = {"--from": given.start, "--to": given.stop is not None, "--fps-in": given.fps_in, "--truth": given.truth,
             "--crop": given.crop != "auto", "--keypoints": given.keypoints, "--longest": given.longest,
             "--estimator": given.estimator}
    named = [flag for flag, value in flags.items() if value]
    if given.video is None:
        if named:
            raise UserError(f"{', '.join(named)}: only with --video; name the video")
        return None
    if given.seq is not None:
        raise UserError("--seq names a corpus's sequences, --video files of your own; give one of them")
    keep, rate = asked_rate(given.fps_in)
    wanted = Wanted(given.start, given.stop, keep, rate, asked_crop(given.crop),
                    expanded(given.keypoints).absolute() if given.keypoints else None,
                    tuple((given.truth or "").split()), given.longest or LONGEST)
    return videos(given.video, wanted, given.estimator)


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value <= MOST:
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds from 0 to {MOST:,}")
    return value
