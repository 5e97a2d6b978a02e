import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from drawing.video import write_mp4
from files.workspace import REPOSITORY
from terminal.errors import UserError

WRITE = """
import sys
from pathlib import Path
import cv2, numpy as np
from drawing.video import to_yuv, write_mp4
picture = cv2.resize(np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8), (330, 290))
write_mp4(Path(sys.argv[1]), (to_yuv(np.roll(picture, 5 * shift, axis=1)) for shift in range(30)), 330, 290, 25)
"""


def test_the_bytes_do_not_depend_on_what_was_in_memory_before(tmp_path: Path) -> None:
    """MALLOC_PERTURB_ fills memory before it is given out, each time with something else."""
    digests = set()
    for filling in ("0", "1", "85", "254"):
        video = tmp_path / f"{filling}.mp4"
        subprocess.run([sys.executable, "-c", WRITE, str(video)], check=True, cwd=REPOSITORY,
                       env={**os.environ, "MALLOC_PERTURB_": filling})
        digests.add(hashlib.sha256(video.read_bytes()).hexdigest())
    assert len(digests) == 1


def test_a_video_larger_than_its_format_takes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="20000x100 pixels, but H.264 allows at most 16384 a side"):
        write_mp4(tmp_path / "wide.mp4", iter(()), 20_000, 100, 25)
    assert not (tmp_path / "wide.mp4").exists()
