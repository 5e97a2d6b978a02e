"""Every method that maps are made by: what commands, help and README say of it. cams/catalogue.py has how it works."""
from dataclasses import dataclass
from typing import Optional, Tuple

from records.hiding import MEAN
from records.library import PREFIX, fed, library_classes

LAYERS, INPUT, CLIP = "layers", "input", "clip"


@dataclass(frozen=True)
class Method:
    name: str
    explains: str               # by default: layers, the network's input, or the clip itself (its only layer)
    line: str                   # what it shows
    paper: str                  # its authors and year
    passes: int = 1             # through the network for each window: more than one can be changed with --budget
    aimed: bool = True          # whether its maps depend on the target
    pictures: bool = True       # whether compare.py has it too
    pools: bool = False         # whether a channel's gradients are averaged, over the clip or over each frame
    hides: str = ""             # what stands in by default for what it hides, of hiding.WAYS; empty: it hides nothing


METHODS: Tuple[Method, ...] = (
    Method("gradcam", LAYERS, "channels weighted by their mean gradient", "Selvaraju et al. 2017", pools=True),
    Method("gradcam++", LAYERS, "channels weighted by powers of their gradients", "Chattopadhyay et al. 2018",
           pools=True),
    Method("hirescam", LAYERS, "activation times gradient, cell by cell", "Draelos and Carin 2020"),
    Method("layercam", LAYERS, "activation times positive gradient, cell by cell", "Jiang et al. 2021"),
    Method("xgradcam", LAYERS, "channels weighted by gradient times activation", "Fu et al. 2020", pools=True),
    Method("eigencam", LAYERS, "first principal component of the activations; no target", "Muhammad and Yeasin 2020",
           aimed=False),
    Method("attention", LAYERS, "what attention takes from each patch, frame or joint; no target", "Ali et al. 2025",
           aimed=False),
    Method("graph", LAYERS, "what patches take from each other in SignGraph; no target", "Gan et al. 2024", aimed=False,
           pictures=False),
    Method("gradient", INPUT, "size of the gradient", "Simonyan et al. 2013", pictures=False),
    Method("inputxgradient", INPUT, "input times gradient", "Shrikumar et al. 2016", pictures=False),
    Method("smoothgrad", INPUT, "size of the gradient, averaged over noisy inputs", "Smilkov et al. 2017", 25,
           pictures=False),
    Method("integrated", INPUT, "gradients from the hidden clip to the clip, averaged, times the difference",
           "Sundararajan et al. 2017", 32, pictures=False, hides=MEAN),
    Method("occlusion", CLIP, "what the score loses when a block of space and time is hidden", "Zeiler and Fergus 2014",
           400, pictures=False, hides=MEAN),
    Method("rise", CLIP, "which random smooth masks keep the score", "Petsiuk et al. 2018", 800, pictures=False,
           hides=MEAN),
)
NAMES = tuple(method.name for method in METHODS)
OF_PICTURES = tuple(method.name for method in METHODS if method.pictures)
POOLING = tuple(method.name for method in METHODS if method.pools)
HIDING = tuple(method.name for method in METHODS if method.hides)
PASSES = {method.name: method.passes for method in METHODS if method.passes > 1}


def method_named(name: str) -> Optional[Method]:
    known = library_classes().get(name[len(PREFIX):]) if name.startswith(PREFIX) else None
    if known is not None:
        return Method(name, LAYERS, f"{known.name} of the installed grad-cam", "",
                      aimed=known.gradients, pictures=False,
                      pools=True)
    return next((method for method in METHODS if method.name == name), None)


def names_in_words() -> str:
    """Every name that a method can be asked for by."""
    return ", ".join(NAMES) + "".join(f", {PREFIX}{name}" for name in fed())
