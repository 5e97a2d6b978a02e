"""From a recipe to a trainer: vocabulary, network, starting weights."""
import logging
from pathlib import Path
from typing import Any, Dict, Optional, Tuple

from datasets.layout import Corpus
from files.workspace import expanded, find_input
from glosses.known import check_known
from glosses.vocabulary import GlossVocabulary, load_gloss2ids, load_gloss_dict
from models.frame_resnet import FrameResNet
from models.recogniser import Recogniser
from models.registry import build, create
from models.swin import FrameSwin
from terminal.errors import UserError
from training.checkpointing import LAST, check_free, check_same_glosses
from training.distributed import Process
from training.extraction import Extraction
from training.from_features import FromFeatures
from training.protocols import Protocol, find_protocol
from training.recipe import Config, plain, write_recipe
from training.seeding import seed_everything
from training.trainer import Trainer
from training.watching import Watched

log = logging.getLogger("training")


def start(config: Config, architecture: Dict[str, Any], corpus: Corpus, out: Path, process: Process,
          resume: bool, watched: Optional[Watched] = None) -> Trainer:
    check_free(out, resume)
    protocol, recogniser = prepare(config, architecture, corpus)
    vocabulary = recogniser.vocabulary
    if config.data.features:
        if config.data.cache:
            raise UserError("data.cache: keeps frames in memory, and data.features reads none; leave one of them out")
        protocol = FromFeatures(protocol, recogniser, expanded(config.data.features))
    trainer = Trainer(config, protocol, recogniser, out, process, watched)
    if isinstance(protocol, FromFeatures):
        protocol.tell()
    for split, footage in ((config.data.train, trainer.samples.train), (config.data.dev, trainer.samples.dev)):
        note = check_known(vocabulary, (entry.glosses for entry in footage.entries), f"the vocabulary of {corpus.root}",
                           split, "the gloss2ids.pkl or gloss_dict.npy of this corpus as model.vocabulary")
        if note:
            log.warning("%s", note)
    parameters = sum(parameter.numel() for parameter in recogniser.network.parameters())
    log.info("%s: %.2f million parameters, %d glosses, %d training and %d dev clips, on %s x %d", recogniser.name,
             parameters / 1e6, len(vocabulary), len(trainer.samples.train.entries), len(trainer.samples.dev.entries),
             process.device, process.world)
    if resume:
        trainer.resume(out / LAST)
    elif process.first:
        write_recipe(out, plain(config))
    return trainer


def prepare(config: Config, architecture: Dict[str, Any], corpus: Corpus) -> Tuple[Protocol, Recogniser]:
    """A network with the weights that training starts from, and its authors' protocol."""
    protocol = find_protocol(architecture)(config, architecture, corpus)
    vocabulary = _vocabulary(config, protocol)
    architecture["classes"] = len(vocabulary)
    seed_everything(config.trainer.seed)        # the same fresh weights in every process
    recogniser = create(architecture, vocabulary)
    _starting_weights(config, recogniser)
    return protocol, recogniser


def extract(config: Config, architecture: Dict[str, Any], corpus: Corpus, folder: Path, process: Process, views: int,
            numbers: str) -> None:
    protocol, recogniser = prepare(config, architecture, corpus)
    Extraction(protocol, recogniser, folder, process, views, numbers).run()
    log.info("features in %s; train from them with --override data.features %s", folder, folder)


def _vocabulary(config: Config, protocol: Protocol) -> GlossVocabulary:
    if config.model.vocabulary:
        path = find_input(config.model.vocabulary)
        vocabulary = (load_gloss_dict(path) if path.suffix == ".npy"
                      else protocol.corpus.cased(load_gloss2ids(path)))
    else:
        vocabulary = protocol.vocabulary()
    if vocabulary.blank != 0:
        raise UserError(f"model.vocabulary: the blank is class {vocabulary.blank}; training needs it to be 0")
    return vocabulary


def _starting_weights(config: Config, recogniser: Recogniser) -> None:
    if config.model.backbone:
        path = find_input(config.model.backbone)
        backbone = getattr(recogniser.network, "conv2d", None)
        if not isinstance(backbone, (FrameResNet, FrameSwin)):
            raise UserError("model.backbone: only networks with a ResNet or Swin transformer of frames start from one, "
                            f"and {recogniser.name} has none; give a whole checkpoint with model.weights")
        backbone.load_imagenet(path)
        log.info("backbone from %s", path)
    if config.model.trunk:
        if config.model.weights:
            raise UserError("model.trunk: has no effect together with model.weights, which has the classifiers too; "
                            "leave one of them out")
        _load_trunk(find_input(config.model.trunk), config, recogniser)
        return
    if not config.model.weights:
        log.info("no model.weights: %s", "the rest from scratch" if config.model.backbone else "from scratch")
        return
    path = find_input(config.model.weights)
    trained = build(recogniser.name, path, vocabulary=recogniser.vocabulary, fold=False)
    if trained.architecture["classes"] != len(recogniser.vocabulary):
        raise UserError(f"{path}: trained with {trained.architecture['classes']} classes, the vocabulary of the data "
                        f"has {len(recogniser.vocabulary)}; give the one it was trained with as model.vocabulary")
    check_same_glosses(path, list(trained.vocabulary.names), recogniser.vocabulary)
    _check_same_architecture(path, trained, recogniser.architecture, config)
    recogniser.network.load_state_dict(trained.network.state_dict())
    log.info("weights from %s", path)


def _load_trunk(path: Path, config: Config, recogniser: Recogniser) -> None:
    """The classifiers, whatever grows with the number of classes, stay as fresh as they are."""
    trained = build(recogniser.name, path, vocabulary=recogniser.vocabulary, fold=False)
    classes = trained.architecture["classes"]
    _check_same_architecture(path, trained, {**recogniser.architecture, "classes": classes}, config)
    larger = create({**recogniser.architecture, "classes": classes + 1}).network.state_dict()
    trunk = {key: value for key, value in trained.network.state_dict().items() if value.shape == larger[key].shape}
    recogniser.network.load_state_dict({**recogniser.network.state_dict(), **trunk})
    log.info("trunk from %s; new: %s", path, ", ".join(sorted(set(larger) - set(trunk))))


def _check_same_architecture(path: Path, trained: Recogniser, expected: Dict[str, Any], config: Config) -> None:
    if trained.architecture != expected:
        raise UserError(f"{path}: of another architecture than model.architecture {config.model.architecture}; "
                        "give the one it was trained with")
