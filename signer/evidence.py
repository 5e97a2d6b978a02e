"""What we know because we drew it: which gloss is being signed in each frame, and the pixels of what makes it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Tuple

import numpy as np

from files.arrays import load_npz, npz_bytes
from terminal.errors import UserError

SIDE = 256                                    # regions lie on the 256x256 frame


@dataclass(frozen=True)
class Evidence:
    names: Tuple[str, ...]                    # the sentence
    active: np.ndarray                        # int16 [T] place in the sentence, -1 between glosses
    region: np.ndarray                        # bool [T, 256, 256] hands and forearms that make it; the head, if it nods

    def __len__(self) -> int:
        return len(self.active)


def write_evidence(path: Path, evidence: Evidence, keypoints: np.ndarray) -> None:
    """keypoints: float32 [T, 133, 3], exact, whatever recognisers are given."""
    packed = np.packbits(evidence.region, axis=-1)                                   # [T, 256, 32]
    path.write_bytes(npz_bytes({"names": np.array(evidence.names), "active": evidence.active.astype(np.int16),
                                "region": packed, "keypoints": keypoints.astype(np.float32)}, compressed=True))


def read_evidence(path: Path) -> Evidence:
    stored = load_npz(_there(path))
    if not {"region", "names", "active"} <= set(stored) or stored["region"].dtype != np.uint8 or \
            stored["region"].shape != (len(stored["active"]), SIDE, SIDE // 8):
        raise UserError(f"{path}: not the evidence of a clip; make the data again with `python -m signer.synthetic "
                        "ROOT`")
    region = np.unpackbits(stored["region"], axis=-1, count=SIDE).astype(bool)
    return Evidence(tuple(str(name) for name in stored["names"]), stored["active"], region)


def read_exact_keypoints(path: Path) -> np.ndarray:
    """float32 [T, 133, 3] from the file of a clip's evidence."""
    stored = load_npz(_there(path))
    if "keypoints" not in stored:
        raise UserError(f"{path} has no keypoints: it was drawn by an earlier version; make the data again with "
                        "`python -m signer.synthetic ROOT`")
    return stored["keypoints"]


def _there(path: Path) -> Path:
    if not path.is_file():
        raise UserError(f"no evidence at {path}; only data made by signer.synthetic has it, "
                        "so make a workspace with `python -m signer.synthetic ROOT`")
    return path
