"""SlowFast with fusion both ways: a slow, wide pathway on every alpha-th frame and a fast, thin one on all of them.

Feichtenhofer et al., "SlowFast Networks for Video Recognition", 2019; the two-way fusion is SlowFastSign's.
Module names are those of the published checkpoints: pathway0 is slow, pathway1 fast.
"""
from functools import partial
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

import torch
from torch import Tensor, nn

from geometry.axis import Axis
from models.cells import Axes, after
from models.convolution import Conv3d, MaxPool3d, channels_last
from models.inplace import add_, relu_
from models.levels import Levelled, Tensors, either, repeated

EARLY_BLOCKS = 2        # of s4; those behind see too much of the picture for anything to be left out
Pair = Tuple[Tensor, Tensor]    # slow [B, C, T / alpha, H, W], fast [B, C / beta, T, H, W]


class Stem(nn.Module):
    conv_bn = (("conv", "bn"),)

    def __init__(self, width: int, time: int, space: int) -> None:
        super().__init__()
        self.conv = Conv3d(3, width, (time, space, space), stride=(1, 2, 2),
                           padding=(time // 2, space // 2, space // 2), bias=False)
        self.bn = nn.BatchNorm3d(width)
        self.pool = MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.pool(relu_(self.bn(self.conv(x))))


class Bottleneck(nn.Module):
    """time x 1 x 1, 1 x 3 x 3 (which carries the stride), 1 x 1 x 1."""

    conv_bn = (("a", "a_bn"), ("b", "b_bn"), ("c", "c_bn"))

    def __init__(self, inputs: int, inner: int, outputs: int, time: int, stride: int) -> None:
        super().__init__()
        self.a = Conv3d(inputs, inner, (time, 1, 1), padding=(time // 2, 0, 0), bias=False)
        self.a_bn = nn.BatchNorm3d(inner)
        self.b = Conv3d(inner, inner, (1, 3, 3), stride=(1, stride, stride), padding=(0, 1, 1), bias=False)
        self.b_bn = nn.BatchNorm3d(inner)
        self.c = Conv3d(inner, outputs, 1, bias=False)
        self.c_bn = nn.BatchNorm3d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        x = relu_(self.a_bn(self.a(x)))
        x = relu_(self.b_bn(self.b(x)))
        return self.c_bn(self.c(x))


class ResBlock(nn.Module):
    conv_bn = (("branch1", "branch1_bn"),)

    def __init__(self, inputs: int, inner: int, outputs: int, time: int, stride: int) -> None:
        super().__init__()
        self.projects = inputs != outputs or stride != 1
        if self.projects:
            self.branch1 = Conv3d(inputs, outputs, 1, stride=(1, stride, stride), bias=False)
            self.branch1_bn = nn.BatchNorm3d(outputs)
        self.branch2 = Bottleneck(inputs, inner, outputs, time, stride)

    def forward(self, x: Tensor) -> Tensor:
        residual = self.branch2(x)
        skip = self.branch1_bn(self.branch1(x)) if self.projects else x
        return relu_(add_(residual, skip))      # in place on this block's own tensor: the input may be probed


class Stage(nn.Module):
    """The same number of residual blocks on each pathway; the first `temporal` of them look across frames."""

    def __init__(self, inputs: Sequence[int], inner: Sequence[int], outputs: Sequence[int], times: Sequence[int],
                 blocks: int, temporal: int, stride: int) -> None:
        super().__init__()
        self.blocks = blocks
        for path in (0, 1):
            for i in range(blocks):
                block = ResBlock(inputs[path] if i == 0 else outputs[path], inner[path], outputs[path],
                                 times[path] if i < temporal else 1, stride if i == 0 else 1)
                self.add_module(f"pathway{path}_res{i}", block)

    def pathway(self, number: int) -> List[ResBlock]:
        return [getattr(self, f"pathway{number}_res{i}") for i in range(self.blocks)]

    def forward(self, pair: Pair, first: int = 0, stop: Optional[int] = None) -> Pair:
        """Of these blocks; all, where none are named."""
        slow, fast = pair
        for block in self.pathway(0)[first:stop]:
            slow = block(slow)
        for block in self.pathway(1)[first:stop]:
            fast = block(fast)
        return slow, fast


class Fusion(nn.Module):
    """Each pathway gets a gated convolution of the other, both taken before fusion. A new gate is shut (zero)."""

    conv_bn = (("conv_f2s", "bn"), ("conv_s2f", "bn2"))

    def __init__(self, slow: int, fast: int, time: int, alpha: int) -> None:
        super().__init__()
        self.conv_f2s = Conv3d(fast, slow, (time, 1, 1), stride=(alpha, 1, 1), padding=(time // 2, 0, 0), bias=False)
        self.bn = nn.BatchNorm3d(slow)
        self.conv_s2f = Conv3d(slow, fast, 1, bias=False)
        self.bn2 = nn.BatchNorm3d(fast)
        self.weight_s = nn.Parameter(torch.zeros(1))
        self.weight_f = nn.Parameter(torch.zeros(1))

    def forward(self, pair: Pair) -> Pair:
        slow, fast = pair
        to_slow = relu_(self.bn(self.conv_f2s(fast)))
        to_fast = relu_(self.bn2(self.conv_s2f(slow)))
        to_slow = to_slow * self.weight_s.to(to_slow.dtype)         # in mixed precision a gate must not widen a map
        to_fast = to_fast * self.weight_f.to(to_fast.dtype)
        grouped = fast.unflatten(2, (slow.shape[2], -1))               # [B, C, T / alpha, alpha, H, W]
        fast = (grouped + to_fast.unsqueeze(3)).flatten(2, 3)          # each slow frame repeated
        return to_slow.add_(slow), fast


class SlowFast(Levelled):
    """frames [B, 3, T, H, W] -> frame features [B, slow + fast channels, T]. T must be a multiple of alpha."""

    def __init__(self, a: Dict[str, Any]) -> None:
        super().__init__()
        self.alpha = a["alpha"]
        width, thin = a["width"], a["width"] // a["beta_inv"]
        slow_times, fast_times = a["slow_kernels"], a["fast_kernels"]
        self.s1 = nn.ModuleDict({"pathway0_stem": Stem(width, slow_times[0], a["stem_kernel"]),
                                 "pathway1_stem": Stem(thin, fast_times[0], a["stem_kernel"])})
        self.s1_fuse = Fusion(width, thin, a["fusion_kernel"], self.alpha)
        inputs = [width, thin]
        for i in range(4):
            inner = [width * 2 ** i, thin * 2 ** i]
            outputs = [4 * inner[0], 4 * inner[1]]
            times = [slow_times[i + 1], fast_times[i + 1]]
            stage = Stage(inputs, inner, outputs, times, a["blocks"][i], a["temporal_blocks"][i], a["strides"][i])
            self.add_module(f"s{i + 2}", stage)
            if i < 3:
                self.add_module(f"s{i + 2}_fuse", Fusion(outputs[0], outputs[1], a["fusion_kernel"], self.alpha))
            inputs = outputs
        self.channels = tuple(inputs)
        self.dropout = nn.Dropout(a["dropout"])
        self._start_weights()

    def _start_weights(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv3d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if isinstance(module, Bottleneck):
                nn.init.zeros_(module.c_bn.weight)      # every block starts as its skip

    def forward(self, frames: Tensor) -> Tensor:
        stage, fusion = self._stage(4)
        pair = self.get_submodule("s5")(fusion(stage(self.early((frames,)), EARLY_BLOCKS)))
        slow, fast = (path.mean(dim=(3, 4)) for path in pair)
        slow = slow.repeat_interleave(self.alpha, dim=2)
        return self.dropout(torch.cat((slow, fast), dim=1))

    def _runs(self) -> List[Callable[[Tensors], Tensors]]:
        """The levels whose cells do not see the whole picture yet."""
        s4: Stage = self.get_submodule("s4")    # type: ignore[assignment]
        return [self._stems, *(partial(_fused, *self._stage(i)) for i in (2, 3)),
                *(partial(s4, first=block, stop=block + 1) for block in range(min(EARLY_BLOCKS, s4.blocks)))]

    def _stage(self, i: int) -> Tuple[Any, Any]:
        return getattr(self, f"s{i}"), getattr(self, f"s{i}_fuse")

    def _stems(self, tensors: Tensors) -> Tensors:
        frames = channels_last(tensors[0])
        return self.s1_fuse((self.s1["pathway0_stem"](frames[:, :, ::self.alpha]), self.s1["pathway1_stem"](frames)))

    def _sights(self) -> Iterator[List[List[Optional[Axes]]]]:
        """Of slow and fast behind each level, of what is before it."""
        slow = after([self.s1["pathway0_stem"]], (Axis(0, self.alpha), Axis(), Axis()))
        fast = after([self.s1["pathway1_stem"]])
        yield [[either(slow, after([self.s1_fuse.conv_f2s], fast))], [either(fast, repeated(slow, self.alpha))]]
        for i in (2, 3):
            stage, fusion = self._stage(i)
            slow, fast = (after(block.branch2 for block in stage.pathway(path)) for path in (0, 1))
            yield [[slow, after([fusion.conv_f2s], fast)], [repeated(slow, self.alpha), fast]]
        for blocks in list(zip(*(self._stage(4)[0].pathway(path) for path in (0, 1))))[:EARLY_BLOCKS]:
            slow, fast = (after([block.branch2]) for block in blocks)
            yield [[slow, None], [None, fast]]


def _fused(stage: Stage, fusion: Fusion, pair: Pair) -> Pair:
    return fusion(stage(pair))
