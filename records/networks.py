"""What is known of each network without loading torch: commands, tables and pages read it here."""
from dataclasses import dataclass, field
from typing import Dict, Tuple

PHOENIX = "phoenix2014"


@dataclass(frozen=True)
class Network:
    name: str                       # as users ask for it
    title: str                      # as its authors write it
    place: str                      # module:class
    line: str = ""                  # what its lines in preds.txt begin with; empty: its name
    needs_keypoints: bool = False
    tall_frames: bool = False       # it takes the 210x260 frames, where they are
    own_vocabulary: bool = False    # classes are numbered by gloss2ids.pkl, not by the corpus's glosses
    published: Dict[str, str] = field(default_factory=dict)     # corpus -> file name in the workspace's checkpoints/


# A network whose checkpoints hold all the keys of another's stands above that one.
RECOGNISERS: Tuple[Network, ...] = (
    Network("slowfast", "SlowFastSign", "models.slowfast:SlowFastSign", "SlowFast",
            published={PHOENIX: "slowfast_phoenix2014_dev_18.01_test_18.28.pt"}),
    Network("twostream", "TwoStream-SLR", "models.twostream:TwoStreamSLR", "TwoStream", needs_keypoints=True,
            tall_frames=True, own_vocabulary=True, published={PHOENIX: "twostreamslr.ckpt"}),
    Network("corrnet", "CorrNet", "models.corrnet:CorrNet",
            published={PHOENIX: "corrnet_phoenix2014_dev_18.8_test_19.4.pt",
                       "phoenix2014-T": "corrnet_phoenix2014-T_dev_18.9_test_20.5.pt",
                       "csl-daily": "corrnet_csl-daily_dev_30.6_test_30.1.pt"}),
    Network("vac", "VAC", "models.vac:VAC", published={PHOENIX: "vac_phoenix2014_dev_21.5_test_22.1.pt"}),
    Network("mamba", "Mamba-SLR", "models.mamba:MambaSLR"),
)
EMBEDDERS: Tuple[Network, ...] = (
    Network("promptsg", "PromptSG", "models.promptsg:PromptSG"),
    Network("arcface", "ArcFace", "models.arcface:ArcFace"),
)
BY_NAME = {network.name: network for network in (*RECOGNISERS, *EMBEDDERS)}


def title_of(name: str) -> str:
    return BY_NAME[name].title if name in BY_NAME else name


def line_of(name: str) -> str:
    """What its lines in preds.txt begin with."""
    return (BY_NAME[name].line if name in BY_NAME else "") or name


def published_file(name: str, corpus: str = PHOENIX) -> str:
    """Empty where none is published."""
    return BY_NAME[name].published.get(corpus, "")
