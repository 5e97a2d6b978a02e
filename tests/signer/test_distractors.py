"""What moves and means nothing lies behind the signer and changes nothing else."""
from itertools import islice
from pathlib import Path
from typing import List

import numpy as np
import pytest

from signer.clip import SignedClip, distracted, sign
from signer.distractors import KINDS
from signer.evidence import read_evidence
from signer.look import cast
from signer.synthetic import DISTRACTORS, make_workspace
from terminal.errors import UserError
from tests.kit.tiers import full


@pytest.fixture(scope="module")
def clip() -> SignedClip:
    return sign(cast(np.random.default_rng(1)), np.random.default_rng(2))


def frames(clip: SignedClip) -> np.ndarray:
    return np.stack(list(islice(clip.pictures(), 10, 20)))


def test_the_kinds_can_be_named_without_drawing() -> None:
    assert tuple(KINDS) == DISTRACTORS


@pytest.mark.parametrize("kind", KINDS)
def test_it_moves_and_leaves_the_signer_as_drawn(clip: SignedClip, kind: str) -> None:
    plain, drawn = frames(clip), frames(distracted(clip, kind, np.random.default_rng(5)))
    other = np.abs(plain.astype(int) - drawn).max(-1) > 0                              # [T, 260, 210]
    assert 0.005 < other.mean() < 0.4
    assert (np.abs(np.diff(drawn.astype(int), axis=0)).max(-1) > 8)[other[1:]].mean() > 0.1
    for t in range(10, 20):
        region = clip.painter.region(clip.body, t, (0, 1), True)[::2, ::2] > 0          # hands, forearms, the head
        assert (other[t - 10] & region).mean() < 0.002                                  # but for their soft edges


@full
def test_the_corpus_is_the_same_but_for_pixels(tmp_path: Path) -> None:
    plain, drawn = (make_workspace(tmp_path / str(kind), {"dev": 1}, distractor=kind, frame_sizes=("210x260px",))
                    for kind in (None, "hand"))
    changed: List[str] = []
    for file in sorted(path.relative_to(plain) for path in plain.rglob("*") if path.is_file()):
        changed += [] if (plain / file).read_bytes() == (drawn / file).read_bytes() else [file.parts[0]]
    assert set(changed) == {"features", "synthetic.json"}
    assert len(read_evidence(next((drawn / "evidence").iterdir()))) > 20


def test_an_unknown_one_takes_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="unknown distractor 'snow'"):
        make_workspace(tmp_path, {"dev": 1}, distractor="snow")
