#!/usr/bin/env python3
"""Weights alone out of a training checkpoint, with the architecture and vocabulary that rebuild the network."""
import argparse
import sys
from pathlib import Path
from typing import Any, Dict, List, Optional

if __package__ in (None, ""):                 # run as a script
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch

from files.workspace import find_input
from models.checkpoint import AVERAGED, WEIGHTS
from models.registry import network_class
from records.networks import RESTORER
from terminal.command_exit import ended
from training import checkpointing


def export(source: Path, target: Path, half: bool) -> int:
    content = checkpointing.load(find_input(source))
    name = next(name for name in WEIGHTS if name in content)
    restorer = content["architecture"]["model"] == RESTORER
    # What the network makes itself is left out.
    computed = () if restorer else network_class(content["architecture"]["model"]).computed
    # Of a restorer the averaged weights are meant.
    source_of = AVERAGED if restorer and AVERAGED in content else name
    weights = {key: value.half() if half and value.is_floating_point() and fits(value) else value
               for key, value in content[source_of].items() if not (computed and key.endswith(computed))}
    kept: Dict[str, Any] = {name: weights, **{key: content[key] for key in ("epoch", "architecture", "vocabulary")
                                             if key in content}}
    checkpointing.save(target, kept)
    return 0


def fits(value: torch.Tensor) -> bool:
    """Whether half precision holds it: a variance of MSKA-SLR's may be larger."""
    return value.numel() == 0 or float(value.abs().max()) <= torch.finfo(torch.float16).max


def main(arguments: Optional[List[str]] = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path, help="such as best.pt")
    parser.add_argument("target", type=Path, help="the file to write; one that is there is replaced")
    parser.add_argument("--half", action="store_true", help="in half precision")
    given = parser.parse_args(arguments)
    return ended("export.py", lambda: export(given.source, given.target, given.half), "the same command starts over")


if __name__ == "__main__":
    sys.exit(main())
