"""TwoStream-SLR's two S3D streams, RGB and pose, each of which is added to the other behind its first three levels."""
from functools import partial
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

from torch import Tensor, nn

from geometry.axis import Axis
from models.cells import Axes, after
from models.convolution import Conv3d, channels_last
from models.levels import Levelled, Tensors
from models.s3d import LEVELS, Mixed, Stream

FUSED = LEVELS[:3]      # base.i behind which the streams are added to each other


class Lateral(nn.Module):
    """One stream plus a convolution of the other; the pose stream is half as high and wide as RGB."""

    def __init__(self, channels: int, kernel: Sequence[int], to_rgb: bool) -> None:
        super().__init__()
        time, height, width = kernel
        size, padding, stride = (time, height, width), (time // 2, height // 2, width // 2), (1, 2, 2)
        self.conv = (nn.ConvTranspose3d(channels, channels, size, stride, padding, (0, 1, 1), bias=False) if to_rgb
                     else Conv3d(channels, channels, size, stride, padding, bias=False))
        nn.init.kaiming_normal_(self.conv.weight)

    def forward(self, target: Tensor, source: Tensor) -> Tensor:
        return channels_last(self.conv(source)).add_(target)        # in place on the convolution's own result

    def sees(self, source: Axes) -> Axes:
        """What its cells see of the source's input."""
        if not isinstance(self.conv, nn.ConvTranspose3d):
            return after([self.conv], source)
        return tuple(_enlarged(axis, *sizes) for axis, sizes in zip(source, zip(self.conv.kernel_size,
                                                                               self.conv.stride)))


class TwoStreamBackbone(Levelled):
    def __init__(self, a: Dict[str, Any]) -> None:
        super().__init__()
        build = a["width"], a["stem_kernel"]
        self.rgb_stream = Stream(3, *build)
        self.pose_stream = Stream(a["pose_channels"], *build, -a["mean"] / a["std"])        # where no keypoint is
        channels, kernel = self.rgb_stream.channels, a["lateral_kernel"]
        self.rgb_stream_lateral = nn.ModuleList(Lateral(channels[i], kernel, True) for i in FUSED)
        self.pose_stream_lateral = nn.ModuleList(Lateral(channels[i], kernel, False) for i in FUSED)

    def forward(self, rgb: Tensor, pose: Tensor) -> Tuple[List[Tensor], List[Tensor]]:
        """c1..c4 of both streams, c1..c3 after fusion; in evaluation c4 alone."""
        pair: Tensors = (rgb, pose)
        kept: List[Tensors] = []
        if self.training:
            for run in self._runs():
                pair = run(pair)
                kept.append(pair)
        else:
            pair = self.early(pair)
        kept.append(self._through(slice(FUSED[-1] + 1, None), pair))
        return [rgb for rgb, _ in kept], [pose for _, pose in kept]

    def _runs(self) -> List[Callable[[Tensors], Tensors]]:
        """The levels after which the streams are added to each other."""
        return [partial(self._fused, level) for level in range(len(FUSED))]

    def _fused(self, level: int, tensors: Tensors) -> Tensors:
        rgb, pose = self._through(_layers_of(level), tensors)
        to_rgb, to_pose = self._laterals[level]
        return to_rgb(rgb, pose), to_pose(pose, rgb)

    @property
    def _laterals(self) -> List[Tuple[Lateral, Lateral]]:
        return list(zip(self.rgb_stream_lateral.children(), self.pose_stream_lateral.children()))  # type: ignore[arg-type]

    def _through(self, layers: slice, tensors: Tensors) -> Tensors:
        rgb, pose = map(channels_last, tensors)
        for rgb_layer, pose_layer in zip(list(self.rgb_stream.base)[layers], list(self.pose_stream.base)[layers]):
            rgb, pose = rgb_layer(rgb), pose_layer(pose)
        return rgb, pose

    def _sights(self) -> Iterator[List[List[Optional[Axes]]]]:
        """Of RGB and pose behind each level, of what is before it."""
        for level, (to_rgb, to_pose) in enumerate(self._laterals):
            rgb, pose = (_axes(stream, _layers_of(level)) for stream in (self.rgb_stream, self.pose_stream))
            yield [[rgb, to_rgb.sees(pose)], [to_pose.sees(rgb), pose]]


def _layers_of(level: int) -> slice:
    return slice(FUSED[level - 1] + 1 if level else 0, FUSED[level] + 1)


def _axes(stream: Stream, layers: slice) -> Axes:
    """A block's second branch sees as far as any of the others."""
    return after([module.branch1 if isinstance(module, Mixed) else module for module in list(stream.base)[layers]])


def _enlarged(axis: Axis, kernel: int, stride: int) -> Axis:
    """The cells that a transposed convolution makes of these, padded by half its odd kernel."""
    return Axis(axis.first, axis.stride / stride, axis.seen + axis.stride * (kernel - 1) / stride)
