"""RandAugment as Mamba-SLR's loader has it: operations drawn with replacement, all of them done, to all frames."""
import random
from typing import Any, Callable, List, Tuple

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

GREY = (128, 128, 128)      # what comes into the picture from beyond its edges
TOP = 10                    # levels go from 0 to this

Picture = Any               # PIL's
Operation = Tuple[Callable[..., Picture], Tuple[float, ...]]


def auto_contrast(image: Picture) -> Picture:
    return ImageOps.autocontrast(image)


def equalize(image: Picture) -> Picture:
    return ImageOps.equalize(image)


def invert(image: Picture) -> Picture:
    return ImageOps.invert(image)


def rotate(image: Picture, degrees: float) -> Picture:
    return image.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=GREY)


def posterize(image: Picture, bits: float) -> Picture:
    return ImageOps.posterize(image, int(bits)) if bits < 8 else image


def solarize(image: Picture, threshold: float) -> Picture:
    return ImageOps.solarize(image, int(threshold))


def solarize_add(image: Picture, amount: float) -> Picture:
    table = [min(255, level + int(amount)) if level < 128 else level for level in range(256)]
    return image.point(table * 3)


def color(image: Picture, factor: float) -> Picture:
    return ImageEnhance.Color(image).enhance(factor)


def contrast(image: Picture, factor: float) -> Picture:
    return ImageEnhance.Contrast(image).enhance(factor)


def brightness(image: Picture, factor: float) -> Picture:
    return ImageEnhance.Brightness(image).enhance(factor)


def sharpness(image: Picture, factor: float) -> Picture:
    return ImageEnhance.Sharpness(image).enhance(factor)


def shear_x(image: Picture, factor: float) -> Picture:
    return _moved(image, (1, factor, 0, 0, 1, 0))


def shear_y(image: Picture, factor: float) -> Picture:
    return _moved(image, (1, 0, 0, factor, 1, 0))


def translate_x_rel(image: Picture, share: float) -> Picture:
    return _moved(image, (1, 0, share * image.size[0], 0, 1, 0))


def translate_y_rel(image: Picture, share: float) -> Picture:
    return _moved(image, (1, 0, 0, 0, 1, share * image.size[1]))


def _moved(image: Picture, affine: Tuple[float, ...]) -> Picture:
    return image.transform(image.size, Image.Transform.AFFINE, affine, resample=Image.Resampling.BICUBIC,
                           fillcolor=GREY)


def _nothing(level: float) -> Tuple[float, ...]:
    return ()


def _either_way(most: float) -> Callable[[float], Tuple[float, ...]]:
    """Up to `most`, the sign drawn."""
    def argument(level: float) -> Tuple[float, ...]:
        value = most * level / TOP
        return (-value,) if random.random() > 0.5 else (value,)
    return argument


def _whole(most: float) -> Callable[[float], Tuple[float, ...]]:
    return lambda level: (float(int(most * level / TOP)),)


def _factor(level: float) -> Tuple[float, ...]:
    return (0.1 + 1.8 * level / TOP,)


# In the order they are drawn from: what each does, and its argument for a level.
OPERATIONS: Tuple[Tuple[Callable[..., Picture], Callable[[float], Tuple[float, ...]]], ...] = (
    (auto_contrast, _nothing), (equalize, _nothing), (invert, _nothing), (rotate, _either_way(30)),
    (posterize, _whole(4)), (solarize, _whole(256)), (solarize_add, _whole(110)), (color, _factor),
    (contrast, _factor), (brightness, _factor), (sharpness, _factor), (shear_x, _either_way(0.3)),
    (shear_y, _either_way(0.3)), (translate_x_rel, _either_way(0.45)), (translate_y_rel, _either_way(0.45)))


def draw(count: int, level: float, spread: float) -> List[Operation]:
    """Levels are drawn for operations that have none, too, and may leave their range."""
    chosen = np.random.choice(len(OPERATIONS), count)
    return [(OPERATIONS[number][0], OPERATIONS[number][1](random.gauss(level, spread))) for number in chosen]


def apply(frames: np.ndarray, operations: List[Operation]) -> np.ndarray:
    """[T, H, W, 3] uint8 -> the same"""
    if not operations:
        return frames
    images: List[Picture] = [Image.fromarray(frame) for frame in frames]
    for operation, arguments in operations:
        images = [operation(image, *arguments) for image in images]
    return np.stack([np.asarray(image) for image in images])
