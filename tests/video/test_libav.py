"""Messages of libav's threads never wait for Python."""
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.footage import write_video

ROOT = Path(__file__).parents[2]
READ = """
import sys
import av, av.logging
{first}
with av.logging.Capture(local=False) as messages:
    try:
        with av.open(sys.argv[1]) as film:
            for _ in film.decode(video=0):
                pass
    except av.error.FFmpegError:
        pass
print(len(messages))
"""


def messages(film: Path, first: str) -> int:
    done = subprocess.run([sys.executable, "-c", READ.format(first=first), str(film)], cwd=ROOT, check=True,
                          capture_output=True, timeout=60)
    assert done.stderr == b""
    return int(done.stdout)


@pytest.mark.parametrize("module", ["video.video_file", "drawing.video"])
def test_a_broken_film_s_messages_do_not_come_to_python(tmp_path: Path, module: str) -> None:
    film = write_video(tmp_path / "film.mp4", 20, size=(64, 64))
    data = bytearray(film.read_bytes())
    start = data.index(b"mdat") + 200
    data[start:start + 400] = bytes(400)
    film.write_bytes(data)
    assert messages(film, "av.logging.set_level(av.logging.DEBUG)") > 0         # as PyAV has it
    assert messages(film, f"av.logging.set_level(av.logging.DEBUG); import {module}") == 0
