"""The folder that --out names, looked at before any work is done for it."""
import os
from pathlib import Path
from typing import Union

from files.workspace import expanded
from terminal.errors import UserError


def output_folder(given: Union[str, Path]) -> Path:
    """Made where it is not there; UserError where nothing could be written into it."""
    out = expanded(given).absolute()
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{out}: no output folder can be made there ({error.strerror}); give another --out") from None
    if not os.access(out, os.W_OK | os.X_OK):
        raise UserError(f"{out}: not writable; give another --out")
    return out
