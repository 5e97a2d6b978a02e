"""Where the cells of a layer are centred, from the kernels, strides and paddings that its input went through."""
from dataclasses import replace
from typing import Iterable, Iterator, Tuple

from torch import nn

from geometry.axis import Axis
from models.convolution import MaxPool3d

Axes = Tuple[Axis, ...]     # time; or time, height, width
WHOLE = float("inf")        # what is seen of a frame by cells that all of it reaches
START: Axes = (Axis(), Axis(), Axis())


def after(modules: Iterable[nn.Module], axes: Axes = START) -> Axes:
    """The axes behind these modules, one after the other; those with no window change nothing.

    1-D windows go along time, 2-D ones along height and width. Of branches side by side, name one: they agree.
    """
    for module in modules:
        for leaf in _leaves(module):
            window = _window(leaf)
            if window:
                first = 1 if len(window) == 2 else 0
                moved = [axis.through(*sizes) for axis, sizes in zip(axes[first:], window)]
                axes = (*axes[:first], *moved, *axes[first + len(moved):])
    return axes


def seeing_all(axes: Axes) -> Axes:
    """The same cells where each is reached by its whole frame."""
    return (axes[0], *(replace(axis, seen=WHOLE) for axis in axes[1:]))


def _leaves(module: nn.Module) -> Iterator[nn.Module]:
    """What it is made of, in order; a module that says its own windows is one piece."""
    children = [] if hasattr(module, "windows") else list(module.children())
    if not children:
        yield module
    for child in children:
        yield from _leaves(child)


def _window(module: nn.Module) -> Tuple[Tuple[int, int, int], ...]:
    """(kernel, stride, padding) along each of its dimensions."""
    if hasattr(module, "windows"):
        return module.windows       # type: ignore[return-value]
    if isinstance(module, MaxPool3d):
        return tuple(zip(*module.sizes))
    if isinstance(module, (nn.Conv1d, nn.Conv2d, nn.Conv3d)):
        effective = ((kernel - 1) * dilation + 1 for kernel, dilation in zip(module.kernel_size, module.dilation))
        return tuple(zip(effective, module.stride, map(int, module.padding)))
    if isinstance(module, (nn.MaxPool1d, nn.MaxPool2d, nn.AvgPool1d, nn.AvgPool2d)):
        dimensions = 1 if isinstance(module, (nn.MaxPool1d, nn.AvgPool1d)) else 2
        sizes = (value if isinstance(value, tuple) else (value,) * dimensions
                for value in (module.kernel_size, module.stride, module.padding))
        return tuple(zip(*sizes))
    return ()
