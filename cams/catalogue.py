"""Every method that a recogniser can be explained by, under the name it is asked for."""
from typing import Dict, List, Union

from cams.gradients import gradient_size
from cams.integrated import Integrated
from cams.joint import joint_layers
from cams.library import library_method
from cams.methods import NAMED, Method, hirescam
from cams.multi_pass import ManyPasses
from cams.occlusion import Occlusion
from cams.rise import Rise
from cams.smoothgrad import SmoothGrad
from models.input_tap import INPUT
from models.recogniser import Recogniser
from records.library import PREFIX

AnyMethod = Union[Method, ManyPasses]

# Where no layer is named these look at the network's input. Input x gradient is HiResCAM's formula, asked there.
AT_INPUT: Dict[str, AnyMethod] = {
    "gradient": Method(gradient_size),
    "inputxgradient": Method(hirescam),
    "smoothgrad": SmoothGrad(),
    "integrated": Integrated(),
    "occlusion": Occlusion(),
    "rise": Rise(),
}
CATALOGUE: Dict[str, AnyMethod] = {**NAMED, "graph": Method(NAMED["attention"].map, False, "graph"), **AT_INPUT}


def method_of(name: str) -> AnyMethod:
    return library_method(name[len(PREFIX):]) if name.startswith(PREFIX) else CATALOGUE[name]


def aimed(method: AnyMethod) -> bool:
    """Whether its maps depend on what is asked."""
    return isinstance(method, ManyPasses) or method.gradients


def attends(method: AnyMethod) -> str:
    """attention or graph, where its maps are what layers themselves take from where; else nothing."""
    return method.attends if isinstance(method, Method) else ""


def on_clip(method: AnyMethod) -> bool:
    return isinstance(method, ManyPasses) and method.on_clip


def layer_names(recogniser: Recogniser, method: AnyMethod) -> List[str]:
    """What can be asked for."""
    if on_clip(method):
        return [INPUT]
    return [*recogniser.layers, *(() if attends(method) else joint_layers(recogniser))]
