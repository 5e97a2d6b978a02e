from torch import nn


class Conv3d(nn.Conv3d):
    """A 3-D convolution."""


class ConvTranspose3d(nn.ConvTranspose3d):
    """Its transpose."""
