"""What is known of each network without loading torch: commands, tables and pages read it here."""
from dataclasses import dataclass, field
from typing import Dict, Optional, Tuple

from records.hiding import GONE, REST
from terminal.errors import UserError

PHOENIX = "phoenix2014"


@dataclass(frozen=True)
class Network:
    name: str                       # as users ask for it
    title: str                      # as its authors write it
    source: str                      # module:class
    line: str = ""                  # what its lines in preds.txt begin with; empty: its name
    needs_keypoints: bool = False
    tall_frames: bool = False       # it takes the 210x260 frames, where they are
    method: Optional[str] = None    # how maps are made where the user names neither method nor layers; None: the usual
    shows: str = ""                 # attention or graph: the method that shows what its own layers take from where
    hidden_points: str = GONE       # what becomes of the keypoints of a hidden part
    own_vocabulary: bool = False    # classes are numbered by gloss2ids.pkl, not by the corpus's glosses
    published: Dict[str, str] = field(default_factory=dict)     # corpus -> file name in the workspace's checkpoints/


# A network whose checkpoints hold all the keys of another's stands above that one.
RECOGNISERS: Tuple[Network, ...] = (
    Network("slowfast", "SlowFastSign", "models.slowfast:SlowFastSign", "SlowFast",
            published={PHOENIX: "slowfast_phoenix2014_dev_18.01_test_18.28.pt",
                       "phoenix2014-T": "slowfast_phoenix2014-T_dev_17.66_test_18.71.pt",
                       "csl-daily": "slowfast_csl-daily_dev_25.49_test_24.85.pt"}),
    Network("twostream", "TwoStream-SLR", "models.twostream:TwoStreamSLR", "TwoStream", needs_keypoints=True,
            tall_frames=True, own_vocabulary=True, published={PHOENIX: "twostreamslr.ckpt"}),
    Network("corrnetplus", "CorrNet+", "models.corrnetplus:CorrNetPlus",
            published={PHOENIX: "corrnetplus_phoenix2014_dev_18.0_test_18.2.pt",
                       "phoenix2014-T": "corrnetplus_phoenix2014-T_dev_17.2_test_19.1.pt",
                       "csl-daily": "corrnetplus_csl-daily_dev_28.6_test_28.2.pt"}),
    Network("corrnet", "CorrNet", "models.corrnet:CorrNet",
            published={PHOENIX: "corrnet_phoenix2014_dev_18.8_test_19.4.pt",
                       "phoenix2014-T": "corrnet_phoenix2014-T_dev_18.9_test_20.5.pt",
                       "csl-daily": "corrnet_csl-daily_dev_30.6_test_30.1.pt"}),
    Network("sen", "SEN", "models.sen:SEN",
            published={PHOENIX: "sen_phoenix2014_dev_19.5_test_21.0.pt",
                       "phoenix2014-T": "sen_phoenix2014-T_dev_19.3_test_20.7.pt",
                       "csl-daily": "sen_csl-daily_dev_31.1_test_30.7.pt"}),
    Network("signgraph", "SignGraph", "models.signgraph:SignGraph", tall_frames=True, shows="graph",
            published={PHOENIX: "signgraph_phoenix2014_dev_17.13_test_18.17.pt",
                       "phoenix2014-T": "signgraph_phoenix2014-T_dev_17.00_test_19.44.pt",
                       "csl-daily": "signgraph_csl-daily_dev_26.38_test_25.84.pt"}),
    Network("swin", "Swin-MSTP", "models.swin_mstp:SwinMSTP", shows="attention",
            published={PHOENIX: "swin_mstp_phoenix2014_dev_18.1_test_18.7.pt"}),
    Network("tlp", "TLP", "models.tlp:TLP",
            published={PHOENIX: "tlp_phoenix2014_dev_19.7_test_20.8.pt",
                       "phoenix2014-T": "tlp_phoenix2014-T_dev_19.4_test_21.2.pt", "csl": "tlp_csl_1.8.pt"}),
    Network("vac", "VAC", "models.vac:VAC", published={PHOENIX: "vac_phoenix2014_dev_21.5_test_22.1.pt"}),
    Network("mska", "MSKA-SLR", "models.mska:MSKA", needs_keypoints=True, method="inputxgradient",
            shows="attention", own_vocabulary=True, hidden_points=REST,
            published={PHOENIX: "mska_phoenix2014_21.2.pth", "phoenix2014-T": "mska_phoenix2014-T_19.8.pth",
                       "csl-daily": "mska_csl-daily_27.1.pth"}),
    Network("mamba", "Mamba-SLR", "models.mamba:MambaSLR", shows="attention"),
)
EMBEDDERS: Tuple[Network, ...] = (
    Network("promptsg", "PromptSG", "models.promptsg:PromptSG", shows="attention"),
    Network("arcface", "ArcFace", "models.arcface:ArcFace"),
)
RESTORER = "restorer"       # what hands and faces look like: neither reads nor compares, see restore.py
BY_NAME = {network.name: network for network in (*RECOGNISERS, *EMBEDDERS)}


def title_of(name: str) -> str:
    return BY_NAME[name].title if name in BY_NAME else name


def hidden_points_of(name: str) -> str:
    return BY_NAME[name].hidden_points if name in BY_NAME else GONE


def own_method_of(name: str) -> Optional[str]:
    """What explains it where neither a method nor layers are named; None: the usual one."""
    return BY_NAME[name].method if name in BY_NAME else None


def line_of(name: str) -> str:
    """What its lines in preds.txt begin with."""
    return (BY_NAME[name].line if name in BY_NAME else "") or name


def other_methods() -> str:
    """The networks that have a method of their own, for help: "mska: inputxgradient"."""
    return ", ".join(f"{network.name}: {network.method}" for network in RECOGNISERS if network.method)


def check_shown(method: Optional[str], name: str) -> None:
    """UserError for a method that shows what layers take from where, of a network that has no such layer."""
    showing = [network.name for network in RECOGNISERS if network.shows == method]
    if method and showing and name not in showing:
        raise UserError(f"method {method}: no layer of {name} has {'a graph' if method == 'graph' else method}, of "
                        f"{', '.join(showing)} alone; choose another method or another network")


def published_file(name: str, corpus: str = PHOENIX) -> str:
    """Empty where none is published."""
    return BY_NAME[name].published.get(corpus, "")
