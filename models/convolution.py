from torch import nn


class Conv3d(nn.Conv3d):
    """A 3-D convolution."""
