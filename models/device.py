"""Which device a network runs on."""
import os
from typing import Optional, Tuple

from models.freed_memory import keep_freed_memory
from terminal.errors import UserError


def choose_device(asked: Optional[str]) -> Tuple[str, str]:
    """(device, note). Processes of torchrun get a card each unless one is named."""
    import torch

    cards = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if asked is None and not cards:
        keep_freed_memory()
        return "cpu", "no CUDA device here: running on the CPU"
    asked = asked or "cuda"
    try:
        device = torch.device(asked)
    except RuntimeError:
        raise UserError(f"--device {asked!r} is not a device; give cpu, cuda or cuda:N") from None
    if device.type == "cuda":
        there = ", ".join(f"cuda:{card} ({torch.cuda.get_device_name(card)})" for card in range(cards))
        if not cards or (device.index or 0) >= cards:
            raise UserError(f"--device {asked}: there is no such device; there {'is' if cards == 1 else 'are'} "
                            f"{there or 'no CUDA devices'}{', and' if cards else ', only'} the cpu")
        if device.index is None:
            device = torch.device("cuda", local_rank() % cards)
    elif device.type == "cpu":
        keep_freed_memory()
    try:
        torch.zeros(1, device=device).item()
    except (RuntimeError, NotImplementedError, AssertionError) as error:    # each backend fails in its own way
        raise UserError(f"--device {asked} can't be used here: {str(error).splitlines()[0]}; try cpu") from None
    return str(device), ""


def local_rank() -> int:
    return int(os.environ.get("LOCAL_RANK", "0"))
