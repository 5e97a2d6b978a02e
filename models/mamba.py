"""Mamba-SLR (Adhikari): spatial and temporal Mamba-2 layers in turn, logits for every frame."""
import math
from functools import partial
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from datasets.clip import Clip
from geometry.axis import Axis
from geometry.viewport import Viewport
from glosses import ctc
from glosses.prefix_search import prefix_search, without_sure_blanks
from glosses.vocabulary import GlossVocabulary
from models.cells import after
from models.freed_memory import give_freed_memory_back
from models.hidden_attention import of_each_frame, of_the_class_token
from models.input_tap import INPUT, Entry, entry_probe
from models.mamba_mixers import (
    DIRECTIONS,
    Clips,
    SpatialAttention,
    SpatialScan,
    TemporalScan,
    out_projection,
    reading_orders,
)
from models.mamba_stem import Stem
from models.pieces import Run, in_pieces, whole
from models.recogniser import Inputs, Probe, Recogniser
from models.upload import upload
from terminal.errors import UserError


class Mlp(nn.Module):
    def __init__(self, width: int, expand: int, depth: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, expand * width)
        nn.init.zeros_(self.fc1.bias)
        self.fc2 = out_projection(expand * width, width, depth, bias=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    """tokens [F, L, C] with what each takes from its frame, from its place in other frames, and from itself."""

    def __init__(self, number: int, a: Dict[str, Any]) -> None:
        super().__init__()
        width, depth, inner = a["stem"][-1], a["depth"], a["expand"] * a["stem"][-1]
        self.spatial_mixer: nn.Module = (
            SpatialAttention(width, a["attention_heads"], depth) if number in a["attention_blocks"] else
            SpatialScan(width, inner, a["head"], a["spatial_state"], grid_of(a), depth))
        self.spatial_norm = nn.LayerNorm(width)
        self.temporal_mixer = TemporalScan(width, inner, a["head"], a["temporal_state"], a["temporal_kernel"], depth)
        self.temporal_norm = nn.LayerNorm(width)
        self.mlp = Mlp(width, a["mlp"], depth)
        self.mlp_norm = nn.LayerNorm(width)
        self.drop_path: float = a["drop_path"] * number / max(depth - 1, 1)
        self.recompute: int = a["recompute"]

    def forward(self, x: Tensor, clips: Clips) -> Tensor:
        watched = self._watched()
        again = len(x) > self.recompute and x.requires_grad and torch.is_grad_enabled() and not watched
        if x.device.type == "cpu" and not watched:
            x = self._body(x, clips, partial(in_pieces, again=again))
            if again:       # small parts of the graph stay where a piece lay, and the next block's fit in no gap
                give_freed_memory_back()
            return x
        return checkpoint(self._body, x, clips, use_reentrant=False) if again else self._body(x, clips)

    def _watched(self) -> bool:
        """Whoever looks at a part must see it run once."""
        return any(part._forward_hooks for part in self.modules() if part is not self)

    def _body(self, x: Tensor, clips: Clips, run: Run = whole) -> Tensor:
        x = run(partial(self._spatial, clips), x, 0)
        x = run(partial(self._temporal, clips), x, 1)
        return run(self._own, x, 0)

    def _spatial(self, clips: Clips, x: Tensor) -> Tensor:
        return x + self._dropped(self.spatial_mixer(self.spatial_norm(x), clips), each_frame=True)

    def _temporal(self, clips: Clips, x: Tensor) -> Tensor:
        return x + self._dropped(self.temporal_mixer(self.temporal_norm(x), clips), each_frame=False)

    def _own(self, x: Tensor) -> Tensor:
        return x + self._dropped(self.mlp(self.mlp_norm(x)), each_frame=True)

    def _dropped(self, x: Tensor, each_frame: bool) -> Tensor:
        """In training a branch is left out at random: for a frame, or for a token's place in all frames."""
        if not self.training or not self.drop_path:
            return x
        kept = torch.rand((len(x), 1, 1) if each_frame else (1, x.shape[1], 1), device=x.device) >= self.drop_path
        return x * kept / (1 - self.drop_path)


class MambaNetwork(nn.Module):
    """State dict as published: cls_token, patch_embed, layers, norm_f, head."""

    kernel_spec: List[str] = []     # a step a frame, nothing beyond the edges

    def __init__(self, a: Dict[str, Any]) -> None:
        super().__init__()
        width = a["stem"][-1]
        self.cls_token = nn.Parameter(torch.empty(1, 1, width))
        self.patch_embed = Stem(a["stem"], a["stem_blocks"], a["stem_stride"], a["mlp"], a["recompute"])
        self.layers = nn.ModuleList(Block(number, a) for number in range(a["depth"]))
        self.norm_f = nn.LayerNorm(width)
        self.dropout = nn.Dropout(a["dropout"])
        self.head = nn.Linear(2 * width, a["classes"])
        nn.init.trunc_normal_(self.cls_token, std=0.02)
        nn.init.trunc_normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)

    def blocks(self) -> Iterator[Block]:
        for block in self.layers:
            assert isinstance(block, Block)
            yield block

    def forward(self, frames: Tensor, lengths: Optional[Tensor] = None) -> Dict[str, Tensor]:
        """frames [B, 3, T, H, W]; lengths [B] how many of the T are each clip's, all of them if None.

        Gives "logits" [B, T, V], zero beyond a clip's end, and "lengths" [B] (if asked).
        """
        counts = [frames.shape[2]] * len(frames) if lengths is None else lengths.tolist()
        clips = Clips.of(counts, frames.device)
        x = self.patch_embed(packed(frames, counts)).flatten(1, 2)                          # [F, grid * grid, C]
        x = torch.cat((x, self.cls_token.to(x.dtype).expand(len(x), -1, -1)), dim=1)
        for block in self.layers:
            x = block(x, clips)
        x = self.norm_f(x)
        logits = self.head(self.dropout(torch.cat((x[:, :-1].mean(1), x[:, -1]), dim=1)))
        outputs = {} if lengths is None else {"lengths": lengths}
        outputs["logits"] = nn.utils.rnn.pad_sequence(logits.split(counts), batch_first=True)
        return outputs


def packed(frames: Tensor, counts: Sequence[int]) -> Tensor:
    """[B, 3, T, H, W] -> [F, 3, H, W]: so many frames of each clip, one clip after the other."""
    return torch.cat([clip[:, :count] for clip, count in zip(frames, counts)], dim=1).transpose(0, 1)


def grid_of(a: Mapping[str, Any]) -> int:
    """Tokens in a row of a frame."""
    return math.ceil(math.ceil(math.ceil(a["size"] / a["stem_stride"]) / 2) / 2)


class MambaSLR(Recogniser):
    name, title = "mamba", "Mamba-SLR"
    signature = "layers.0.temporal_mixer.conv1d_bwd.weight"
    computed = ("scan_indices",)        # the inverse ones end so too
    network: MambaNetwork
    default_layers: Tuple[str, ...] = ("patch_embed", "layers.3", "layers.7", "layers.11", "head")

    def __init__(self, architecture: Dict[str, Any], vocabulary: GlossVocabulary) -> None:
        super().__init__(architecture, vocabulary)
        a = architecture
        inner = a["expand"] * a["stem"][-1]
        if inner % (DIRECTIONS * a["head"]):
            raise UserError(f"mamba: {inner} channels inside a mixer are not {DIRECTIONS} directions of heads of "
                            f"{a['head']}; change head, expand or stem")
        edge = (a["frame"] - a["crop"]) / 2 / a["frame"]
        self.viewport = Viewport(edge, edge, 1 - edge, 1 - edge)
        self.network = MambaNetwork(a)
        self.entry = Entry()
        self.layers = {INPUT: entry_probe(self.entry, "entry", 3, a["size"]), **_layers(self.network, a)}
        depth = a["depth"]
        thirds = dict.fromkeys(max(count - 1, 0) for count in (depth // 3, 2 * depth // 3, depth))
        blocks = [f"layers.{number}" for number in thirds]
        self.default_layers, self.factors = ("patch_embed", *blocks, "head"), ("patch_embed", *blocks[:-1])

    @classmethod
    def fit(cls, architecture: Dict[str, Any], weights: Mapping[str, Any]) -> Dict[str, Any]:
        fitted = dict(architecture)
        blocks = {int(key.split(".")[1]) for key in weights if key.startswith("layers.")
                  and key.split(".")[1].isdigit()}
        if blocks:
            fitted["depth"] = len(blocks)
            fitted["attention_blocks"] = sorted(
                number for number in blocks if f"layers.{number}.spatial_mixer.in_proj.bias" in weights)
        head = weights.get("head.weight")
        if head is not None and len(head.shape) == 2:
            fitted["classes"] = head.shape[0]
        stages = [weights.get(f"patch_embed.{name}.weight") for name in ("stem", "downsample1.downsample",
                                                                         "downsample2.downsample")]
        if all(stage is not None and len(stage.shape) == 4 for stage in stages):
            fitted["stem"] = [stage.shape[0] for stage in stages]       # type: ignore[union-attr]
        return fitted

    def loaded(self) -> None:
        """The authors' averaging cuts whole numbers: the orders it leaves name some tokens twice and others never."""
        differing = 0
        for module in self.network.modules():
            if isinstance(module, SpatialScan):
                right = reading_orders(module.grid).to(module.scan_indices.device)
                for orders, wanted in ((module.scan_indices, right), (module.inverse_scan_indices, right.argsort(1))):
                    differing += not torch.equal(orders, wanted)
                    if not self.architecture["stored_orders"]:
                        orders.copy_(wanted)
        if differing:
            taken = "as stored" if self.architecture["stored_orders"] else "computed anew"
            self.notes += (f"{differing} of the checkpoint's tables of reading orders are damaged, as its authors' "
                           f"averaging leaves them: {taken}",)

    def prepare(self, clip: Clip) -> Inputs:
        a = self.architecture
        if len(clip) == 0:
            raise UserError(f"clip {clip.seq_id} has no frames; Mamba-SLR needs at least 1")
        top, bottom, left, right = self.viewport.box(*clip.frames.shape[1:3])
        frames = upload(clip.frames[:, top:bottom, left:right], self.device).permute(0, 3, 1, 2).float()
        if frames.shape[-2:] != (a["size"], a["size"]):
            frames = F.interpolate(frames, (a["size"], a["size"]), mode="bilinear", align_corners=False)
        frames = frames.div_(255).sub_(a["mean"]).div_(a["std"]).transpose(0, 1)
        return Inputs((frames[None],), len(clip))

    def decode_ids(self, logits: Tensor, beam: Optional[int] = None) -> List[int]:
        """As the authors decode: repeated glosses with a blank between them stay two."""
        log_probs = logits.detach().cpu().double().log_softmax(-1).numpy()
        width = self.beam_width if beam is None else beam
        if width == 1:
            return ctc.greedy(log_probs, self.vocabulary.blank)
        blank = self.vocabulary.blank
        return prefix_search(without_sure_blanks(log_probs, self.architecture["skip_blank"], blank), width, blank)

    def forward(self, inputs: Inputs) -> Tensor:
        return self.network(self.entry(*inputs.tensors))["logits"]

    def steps(self, frames: int) -> int:
        return frames

    def input_frames(self, frames: int) -> int:
        return frames


def _layers(network: MambaNetwork, a: Dict[str, Any]) -> Dict[str, Probe]:
    """A block's mixers can be asked for too: for their maps, and for what they attend to."""
    stem, size = network.patch_embed, (a["size"], a["size"])
    first = after([stem.stem, stem.stage1])
    axes = after([stem.downsample1, stem.stage2, stem.downsample2], first)
    token = partial(Probe, stride=1, channels=a["stem"][-1], size=grid_of(a), cells=axes, view=size)
    layers = {"patch_embed.stage1": Probe(stem.stage1, "patch_embed.stage1", 1, arrange=picture, channels=a["stem"][0],
                                          size=math.ceil(a["size"] / a["stem_stride"]), cells=first, view=size),
              "patch_embed": token(stem, "patch_embed", arrange=picture)}
    for number, block in enumerate(network.blocks()):
        name = f"layers.{number}"
        layers[name] = token(block, name, arrange=on_grid)
        layers[f"{name}.spatial_mixer"] = token(block.spatial_mixer, f"{name}.spatial_mixer", arrange=on_grid,
                                                attention=of_the_class_token)
        layers[f"{name}.temporal_mixer"] = Probe(
            block.temporal_mixer, f"{name}.temporal_mixer", 1, arrange=of_all_tokens, spatial=False,
            channels=a["stem"][-1], cells=(Axis(),), attention=of_each_frame)
    layers["head"] = Probe(network.head, "head", 1, spatial=False, channels=a["classes"], arrange=by_frame,
                           cells=(Axis(),))
    return layers


def picture(x: Tensor) -> Tensor:
    """[F, H, W, C] -> [1, C, F, H, W]"""
    return x.permute(3, 0, 1, 2)[None]


def on_grid(x: Tensor) -> Tensor:
    """[F, H * W + 1, C] -> [1, C, F, H, W]: the tokens row by row; the class token, which is last, has no place."""
    side = round((x.shape[1] - 1) ** 0.5)
    return picture(x[:, :-1].unflatten(1, (side, side)))


def by_frame(x: Tensor) -> Tensor:
    """[F, V] -> [1, V, F]"""
    return x.t()[None]


def of_all_tokens(x: Tensor) -> Tensor:
    """[F, L, C] -> [1, C, F]: their mean"""
    return x.mean(1).t()[None]
