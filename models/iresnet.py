"""The residual network of ArcFace: norms before the convolutions, a slope per channel, nothing after the sum."""
from typing import Any, Dict

import torch
from torch import Tensor, nn

EPS = 1e-5


def conv3x3(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)


class Block(nn.Module):
    """Names as published. The skip is not added in place, so that what a hook kept of `bn3` stays what it was."""

    def __init__(self, inputs: int, outputs: int, stride: int, first: bool) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs, EPS)
        self.conv1 = conv3x3(inputs, outputs)
        self.bn2 = nn.BatchNorm2d(outputs, EPS)
        self.prelu = nn.PReLU(outputs)
        self.conv2 = conv3x3(outputs, outputs, stride)
        self.bn3 = nn.BatchNorm2d(outputs, EPS)
        self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False),
                                        nn.BatchNorm2d(outputs, EPS)) if first else None

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn3(self.conv2(self.prelu(self.bn2(self.conv1(self.bn1(x))))))
        return y + (x if self.downsample is None else self.downsample(x))


class IResNet(nn.Module):
    """[B, 3, 112, 112] -> embeddings [B, D], not normalised. State dict as published."""

    def __init__(self, a: Dict[str, Any]) -> None:
        super().__init__()
        widths = a["widths"]
        self.conv1 = conv3x3(3, widths[0])
        self.bn1 = nn.BatchNorm2d(widths[0], EPS)
        self.prelu = nn.PReLU(widths[0])
        inputs = [widths[0], *widths[:3]]
        self.layer1, self.layer2, self.layer3, self.layer4 = (
            nn.Sequential(Block(before, width, 2, True), *(Block(width, width, 1, False) for _ in range(blocks - 1)))
            for before, width, blocks in zip(inputs, widths, a["blocks"]))
        self.bn2 = nn.BatchNorm2d(widths[3], EPS)
        side = a["size"] // 16
        self.dropout = nn.Dropout(a["dropout"])
        self.fc = nn.Linear(widths[3] * side * side, a["embedding"])
        self.features = nn.BatchNorm1d(a["embedding"], EPS)
        self.features.weight.requires_grad_(False)          # its gain stays 1
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, 0, 0.1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.prelu(self.bn1(self.conv1(x)))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.features(self.fc(torch.flatten(self.dropout(self.bn2(x)), 1)))
