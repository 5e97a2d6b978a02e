"""MSKA's blocks: joints that attend to one another over the whole clip, then convolutions over time. Module names as
published. Joints come last: [B, C, T, J]."""
import math
from typing import Sequence, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SLOPE = 0.1


class JointPositions(nn.Module):
    """Adds sines (even channels) and cosines (odd ones) of a joint's place in its stream, the same at every time."""

    def __init__(self, channels: int, steps: int, joints: int) -> None:
        super().__init__()
        number = torch.arange(joints).float()[:, None]
        power = torch.arange(0, channels, 2).float() * -(math.log(10000.0) / channels)
        # Processors differ in the last bit of a float32's exponential, and a gradient's sign can hang on it.
        rate = power.double().exp().float()
        table = torch.stack((torch.sin(number * rate), torch.cos(number * rate)), dim=2).flatten(1)     # [J, C]
        self.register_buffer("pe", table.t()[None, :, None].repeat(1, 1, steps, 1))
        self.pe: Tensor

    def forward(self, x: Tensor) -> Tensor:
        return x + self.pe[:, :, :x.shape[2]]


class Normed(nn.Sequential):
    """A convolution over time, joint by joint, and its norm."""

    conv_bn = (("0", "1"),)

    def __init__(self, channels: int, out: int, taps: int = 1, stride: int = 1) -> None:
        super().__init__(nn.Conv2d(channels, out, (taps, 1), (stride, 1), (taps // 2, 0)), nn.BatchNorm2d(out))


class JointBlock(nn.Module):
    def __init__(self, size: Tuple[int, int, int], heads: int, taps: int, stride: int, steps: int, joints: int,
                 dropout: float) -> None:
        """size: channels in, out, and of a head's queries and keys; steps: the longest input."""
        super().__init__()
        channels, out, inner = size
        self.heads, self.inner = heads, inner
        self.pes = JointPositions(channels, steps, joints)
        self.in_nets = nn.Conv2d(channels, 2 * heads * inner, 1)
        self.alphas = nn.Parameter(torch.ones(1, heads, 1, 1))
        self.attention0s = nn.Parameter(torch.ones(1, heads, joints, joints) / joints)
        self.register_buffer("atts", torch.zeros(1, heads, joints, joints))     # nought in all files there are
        self.atts: Tensor
        self.drop = nn.Dropout(dropout)
        self.out_nets = Normed(heads * channels, out)
        self.ff_nets = Normed(out, out)
        self.out_nett = Normed(out, out, taps, stride)
        moved = channels != out or stride != 1
        self.downs1: nn.Module = Normed(channels, out) if moved else nn.Identity()
        self.downs2: nn.Module = Normed(channels, out) if moved else nn.Identity()
        self.downt2: nn.Module = Normed(out, out, stride=stride) if moved else nn.Identity()

    def attention(self, x: Tensor) -> Tensor:
        """[B, H, J, J], from joint u to joint v: the part of what they exchange that depends on the clip."""
        count, _, steps, joints = x.shape
        parts = self.in_nets(self.pes(x)).view(count, 2, self.heads, self.inner * steps, joints)
        queries, keys = parts.unbind(1)
        scaled = queries.transpose(2, 3) / (self.inner * steps)         # first: half precision can't hold the sum
        return self.alphas * torch.tanh(scaled @ keys)

    def forward(self, x: Tensor) -> Tensor:
        count, channels, steps, joints = x.shape
        weights = self.drop(self.attention(x) + self.attention0s + self.atts)
        taken = (x.reshape(count, 1, channels * steps, joints) @ weights).view(count, -1, steps, joints)
        y = F.leaky_relu(self.downs1(x) + self.out_nets(taken), SLOPE)
        y = F.leaky_relu(self.downs2(x) + self.ff_nets(y), SLOPE)
        return F.leaky_relu(self.downt2(y) + self.out_nett(y), SLOPE)


def blocks(joints: int, channels: Sequence[int], taps: Sequence[int], strides: Sequence[int], heads: int, longest: int,
           dropout: float) -> nn.ModuleList:
    """channels: of the entry, then of each block."""
    made, steps = [], longest
    for before, out, kernel, stride in zip(channels, channels[1:], taps, strides):
        made.append(JointBlock((before, out, max(1, out // 4)), heads, kernel, stride, steps, joints, dropout))
        steps = -(-steps // stride)
    return nn.ModuleList(made)
