"""The flags that say which networks are meant, and their files."""
import argparse
from pathlib import Path
from typing import Any, Callable, Dict, Optional

from files.workspace import Workspace
from records.networks import RECOGNISERS, published_file
from terminal.command_line import models_flag
from terminal.errors import UserError


def model_arguments(add: Callable[..., Any]) -> None:
    models_flag(add, [network.name for network in RECOGNISERS])
    for network in RECOGNISERS:
        file = published_file(network.name)
        add(f"--{network.name}-ckpt", metavar="FILE",
            help=f"(default: {f'checkpoints/{file}' if file else 'none is published'})")


def check_checkpoints(given: argparse.Namespace) -> None:
    """UserError for a file of a network that is not asked for."""
    for network in RECOGNISERS:
        if checkpoint_given(given, network.name) is not None and network.name not in given.models:
            raise UserError(f"--{network.name}-ckpt: {network.name} is not among --models, which has "
                            f"{', '.join(given.models)}; add it there, or leave this out")


def checkpoint_given(given: argparse.Namespace, model: str) -> Optional[str]:
    return getattr(given, f"{model}_ckpt")


def checkpoints_asked(given: argparse.Namespace, workspace: Workspace, corpus: str) -> Dict[str, Path]:
    """Of each network asked for. Where none was named the demo is offered, which needs none."""
    from runs.loading import checkpoint_path  # help is printed before anything large is loaded

    try:
        return {model: checkpoint_path(model, checkpoint_given(given, model), workspace, corpus)
                for model in given.models}
    except UserError as error:
        if any(checkpoint_given(given, model) for model in given.models):
            raise
        raise UserError(f"{error}; or look at the demo, which needs none: python main.py --demo") from None
