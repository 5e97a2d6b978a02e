"""PromptSG: Yang et al., "A Pedestrian is Worth One Prompt: Towards Language Guidance Person Re-Identification",
CVPR 2024."""
from functools import partial
from typing import Any, Dict, Mapping, Tuple

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from geometry.viewport import Viewport
from models.cells import after
from models.clip import ImageEncoder, TextEncoder
from models.contract import Probe
from models.embedder import Embedder
from models.transformer import Block, CrossAttention
from terminal.errors import UserError

# "a photo of a x person" and the same without the x, as CLIP numbers words; 0 fills up.
COMPOSED = (49406, 320, 1125, 539, 320, 343, 2533, 49407)
SIMPLIFIED = (49406, 320, 1125, 539, 320, 2533, 49407)
PLACE = 5               # of the x, which the pseudo token takes
# rows of image_encoder.positional_embedding -> height, width, stride
GRIDS = {129: (256, 128, 16), 193: (384, 128, 16), 211: (256, 128, 12)}
COMPOSER = "prompt_composer."
BUFFERS = tuple(f"{COMPOSER}{kind}_{name}" for kind in ("tokenized", "embed") for name in ("composed", "simplified"))


class Inversion(nn.Module):
    """The projected class token -> a pseudo token, the word for this person."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1, self.fc2, self.fc3 = (nn.Linear(width, width) for _ in range(3))
        self.bn = nn.BatchNorm1d(width)

    def forward(self, x: Tensor) -> Tensor:
        return self.bn(self.fc3(F.relu(self.fc2(F.relu(self.fc1(x))))))


class PromptComposer(nn.Module):
    def __init__(self, a: Dict[str, Any]) -> None:
        super().__init__()
        self.token_embedding = nn.Embedding(a["words"], a["shared"])
        for name, tokens in (("composed", COMPOSED), ("simplified", SIMPLIFIED)):
            row = torch.zeros(1, a["context"], dtype=torch.int64)
            row[0, :len(tokens)] = torch.tensor(tokens) % a["words"]        # a small sibling has fewer words
            self.register_buffer(f"tokenized_{name}", row)
            self.register_buffer(f"embed_{name}", torch.zeros(1, a["context"], a["shared"]))
        self.embed_composed: Tensor
        self.complete(("embed_composed", "embed_simplified"))

    def complete(self, lacking: Tuple[str, ...]) -> None:
        """Rows that a file of several GPUs leaves empty are those of the table."""
        with torch.no_grad():
            for name in ("composed", "simplified"):
                if f"embed_{name}" in lacking:
                    rows = self.token_embedding.weight[getattr(self, f"tokenized_{name}")]
                    getattr(self, f"embed_{name}").copy_(rows)

    def forward(self, pseudo: Tensor) -> Tensor:
        """[B, C] -> the prompt's rows up to its end [B, 8, C]"""
        rows = self.embed_composed[:, :len(COMPOSED)].expand(len(pseudo), -1, -1)
        return torch.cat((rows[:, :PLACE], pseudo[:, None], rows[:, PLACE + 1:]), dim=1)


class MIM(nn.Module):
    """Patches weighted by how much the text attends to them, and two blocks over them."""

    def __init__(self, a: Dict[str, Any]) -> None:
        super().__init__()
        width, heads = a["shared"], a["mim_heads"]
        self.cross_attn = CrossAttention(width, heads)
        self.q_ln, self.kv_ln = nn.LayerNorm(width), nn.LayerNorm(width)
        self.post_blocks = nn.ModuleList(Block(width, heads) for _ in range(a["mim_depth"]))

    def forward(self, text: Tensor, tokens: Tensor) -> Tensor:
        """[B, C], [B, 1 + N, C] -> [B, C]"""
        first, patches = tokens[:, :1], tokens[:, 1:]
        shares = self.cross_attn(self.q_ln(text)[:, None], self.kv_ln(patches)).mean(1)             # [B, N]
        x = torch.cat((first, patches * (shares * patches.shape[1])[..., None]), dim=1)
        for block in self.post_blocks:
            x = block(x)
        return x[:, 0]


class PromptSGNetwork(nn.Module):
    """State dict as published. [B, 3, H, W] -> [B, width + shared], what is retrieved with, before the bottlenecks."""

    def __init__(self, a: Dict[str, Any], grid: Tuple[int, int]) -> None:
        super().__init__()
        self.width = a["image_width"]
        self.classifier = nn.Linear(a["image_width"], a["identities"], bias=False)
        self.classifier_proj = nn.Linear(a["shared"], a["identities"], bias=False)
        self.bottleneck, self.bottleneck_proj = nn.BatchNorm1d(a["image_width"]), nn.BatchNorm1d(a["shared"])
        self.image_encoder = ImageEncoder(a, grid)
        self.text_encoder = TextEncoder(a)
        self.prompt_composer = PromptComposer(a)
        self.inversion = Inversion(a["shared"])
        self.mim = MIM(a)

    def forward(self, pictures: Tensor) -> Tensor:
        tokens, projected = self.image_encoder(pictures)
        text = self.text_encoder(self.prompt_composer(self.inversion(projected[:, 0])))
        return torch.cat((tokens[:, 0], self.mim(text, projected)), dim=1)

    def identify(self, embedding: Tensor) -> Tensor:
        """Embeddings [..., D] -> logits [..., identities] from the image's own token."""
        return self.classifier(_normed(self.bottleneck, embedding[..., :self.width]))

    def identify_proj(self, embedding: Tensor) -> Tensor:
        """The same from the token that the text has guided."""
        return self.classifier_proj(_normed(self.bottleneck_proj, embedding[..., self.width:]))


def _normed(norm: nn.BatchNorm1d, x: Tensor) -> Tensor:
    return norm(x.reshape(-1, x.shape[-1])).view(x.shape)


class PromptSG(Embedder):
    name, title = "promptsg", "PromptSG"
    signature = "inversion.fc1.weight"
    computed = BUFFERS
    network: PromptSGNetwork
    single = "pred"
    targets = ("cosine", "dot", "pred", "class:ID")
    vectors = ("classifier", "classifier_proj", "bottleneck", "bottleneck_proj", "inversion")
    default_layers = ("mim_attention", "mim.post_blocks.1.norm1", "vit_last")

    def __init__(self, architecture: Dict[str, Any]) -> None:
        super().__init__(architecture)
        a = architecture
        self.viewport = Viewport()
        self.preprocessing = (f"the whole picture to {a['high']} high and {a['wide']} wide, bilinear, "
                              f"antialiased, (x / 255 - {a['mean']}) / {a['std']}")
        grid = (a["high"] - a["patch"]) // a["stride"] + 1, (a["wide"] - a["patch"]) // a["stride"] + 1
        self.network = PromptSGNetwork(a, grid)
        self.heads = {"classifier": self.network.identify, "classifier_proj": self.network.identify_proj}
        self.layers = _layers(self.network, a, grid)

    @classmethod
    def fit(cls, architecture: Dict[str, Any], weights: Mapping[str, Any]) -> Dict[str, Any]:
        if any(key.startswith(("image_encoder.layer", "image_encoder.attnpool")) for key in weights):
            raise UserError("a PromptSG checkpoint of the RN50 backbone: the published code adds layers to that one at "
                            "random in evaluation, so no file holds what it computes; give one of ViT-B-16")
        fitted = dict(architecture)
        head = weights.get("classifier.weight")
        if head is None or len(head.shape) != 2:
            raise UserError("not a whole PromptSG checkpoint: classifier.weight, which says how many identities there "
                            "are, is missing; give the file that its training wrote")
        fitted["identities"] = head.shape[0]
        rows = weights.get("image_encoder.positional_embedding")
        if rows is not None and rows.shape[0] in GRIDS and not _own(architecture, rows.shape[0]):
            fitted["high"], fitted["wide"], fitted["stride"] = GRIDS[rows.shape[0]]
        elif rows is not None and not _own(architecture, rows.shape[0]):
            raise UserError(f"a PromptSG checkpoint of {rows.shape[0]} positions; known are "
                            + ", ".join(f"{count} ({high}x{wide}, stride {stride})"
                                        for count, (high, wide, stride) in GRIDS.items()))
        return fitted

    @classmethod
    def stored(cls, weights: Mapping[str, Any]) -> Dict[str, Any]:
        """Training on several GPUs fills the composer's rows in the replicas alone, and saves them empty."""
        return {key: value for key, value in weights.items() if not (key in BUFFERS and tuple(value.shape) == (0,))}

    def complete(self, lacking: Tuple[str, ...]) -> None:
        composer = self.network.prompt_composer
        composer.complete(tuple(key[len(COMPOSER):] for key in lacking if key.startswith(COMPOSER)))
        tokens = tuple(composer.tokenized_composed[0, :len(COMPOSED)].tolist())     # type: ignore[operator, index]
        if tokens != tuple(token % self.architecture["words"] for token in COMPOSED):
            raise UserError(f"a PromptSG checkpoint of another prompt: its tokens are {tokens}, expected {COMPOSED}")

    def pixels(self, picture: np.ndarray) -> Tensor:
        """The whole picture, resized as in evaluation: bilinear, over as many pixels as become one."""
        a = self.architecture
        small = Image.fromarray(np.ascontiguousarray(picture)).resize((a["wide"], a["high"]), Image.Resampling.BILINEAR)
        pixels = torch.from_numpy(np.array(small)).permute(2, 0, 1)[None].float()
        return pixels.div_(255).sub_(a["mean"]).div_(a["std"])


def _own(a: Mapping[str, Any], rows: int) -> bool:
    high, wide = ((a[side] - a["patch"]) // a["stride"] + 1 for side in ("high", "wide"))
    return rows == 1 + high * wide


def _layers(network: PromptSGNetwork, a: Dict[str, Any], grid: Tuple[int, int]) -> Dict[str, Probe]:
    """By the names people ask for, where there is one. The class token is left out: it lies nowhere."""
    last, shared = a["image_depth"] - 1, a["shared"]
    blocks = "image_encoder.transformer.resblocks"
    names = {f"{blocks}.{number}": f"{blocks}.{number}" for number in range(a["image_depth"])}
    names["vit_last"] = f"{blocks}.{last}.ln_1"
    names["vit_proj"] = "image_encoder.ln_post"
    tokens = partial(_on_grid, grid)
    patches = partial(Probe, stride=1, size=grid[0], width=grid[1], cells=after([network.image_encoder.conv1]),
                      view=(a["high"], a["wide"]))
    layers = {name: patches(network.get_submodule(path), path, arrange=tokens, channels=a["image_width"])
              for name, path in names.items()}
    crossing = partial(patches, network.mim.cross_attn, "mim.cross_attn", arrange=partial(_heads_on_grid, grid),
                       channels=a["mim_heads"])
    layers["mim"] = crossing()
    layers["mim_attention"] = crossing(attention=partial(_mean_of_heads, grid), attends_only=True)
    for number in range(a["mim_depth"]):
        path = f"mim.post_blocks.{number}"
        for name, module_path in ((f"{path}.norm1", f"{path}.norm1"), ("mim_tokens" if number == 0 else path, path)):
            layers[name] = patches(network.get_submodule(module_path), module_path, arrange=tokens, channels=shared)
    return layers


def _on_grid(grid: Tuple[int, int], tokens: Tensor) -> Tensor:
    """[B, 1 + N, C] -> [B, C, 1, H', W']"""
    return tokens[:, 1:].transpose(1, 2).unflatten(2, (1, *grid))


def _heads_on_grid(grid: Tuple[int, int], weights: Tensor) -> Tensor:
    """[B, heads, N] -> [B, heads, 1, H', W']"""
    return weights.unflatten(2, (1, *grid))


def _mean_of_heads(grid: Tuple[int, int], module: nn.Module, arguments: Tuple[Any, ...], weights: Tensor) -> Tensor:
    return weights.mean(1).unflatten(1, (1, *grid))
