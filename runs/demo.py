"""The demo: two small recognisers that were trained on the synthetic signer, and new clips of it to explain."""
from pathlib import Path

from files.workspace import REPOSITORY

CHECKPOINTS = {"slowfast": REPOSITORY / "demo" / "slowfast.pt", "twostream": REPOSITORY / "demo" / "twostream.ckpt"}
CLIPS = 2
TARGET = "each"     # gloss that was read: blanks are most of what `max` adds up in a slow signer
SEED = 2026         # not the one they were trained with: other people, other sentences


def demo_data(out: Path, clips: int, progress: bool) -> Path:
    """A data root whose dev split has so many new clips; made once for an output folder."""
    from signer.synthetic import make_workspace

    return make_workspace(out / "synthetic", {"dev": clips}, SEED, progress=progress)
