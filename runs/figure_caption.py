"""A figure's caption as LaTeX: all that must be known to read it, in the words of what drew it."""
from typing import Dict, Iterable, List, Sequence, Tuple

from drawing.joints import ARCS
from geometry.joints import JointMap
from geometry.laid import LaidMap
from geometry.links import COUNT, LinkedMap
from records.figure_request import MIDDLE, PEAK
from records.methods import method_named
from runs.figure_choice import MISSED, Choice
from runs.figure_source import Source

SPECIAL: Dict[str, str] = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
                           "<": r"\textless{}", ">": r"\textgreater{}", '"': r"\textquotedbl{}", "|": r"\textbar{}",
                           **{character: "\\" + character for character in "&%$#_{}"}}
SUMMED = "the sum of the means of the rows' maps, each divided by its map's largest mean, is largest"
SHARING = "channels weighted"       # how the line of a method begins in which a channel has one weight


def latex(words: str) -> str:
    return "".join(SPECIAL.get(character, character) for character in words)


def as_caption(sentences: Sequence[str]) -> str:
    return "\\caption{" + latex(" ".join(f"{one[0].upper()}{one[1:]}." for one in sentences)) + "}"


def caption(choice: Choice) -> str:
    said = [_clip(choice.sources[0]), _rows(choice), _columns(choice), *_methods(choice.sources), *_targets(choice),
            *_colours(choice), *_laying(choice), *_strips(choice)]
    return as_caption(said)


def _clip(source: Source) -> str:
    record = source.run.record
    if record.video is None:
        return f"Heat maps of sequence {record.sequence} ({record.dataset}, {record.split})"
    return f"Heat maps of {record.video.file}, {record.video.start:.2f} to {record.video.stop:.2f} s"


def _rows(choice: Choice) -> str:
    def row_words(label: str, source: Source) -> str:
        own = f"{source.record.title}, layer {source.layer}" + (f" ({source.map.made})" if source.map.made else "")
        begins = f"{source.record.title}, {source.layer}"
        return own + label[len(begins):] if label.startswith(begins) else f"{label}: {own}"

    return "Rows: " + "; ".join(row_words(row.label, source) for row, source in zip(choice.sheet.rows, choice.sources))


def _columns(choice: Choice) -> str:
    if not choice.spans:
        chosen = {"": "frames of the clip",
                  PEAK: f"for each of as many equal parts of the clip, the frame where {SUMMED}",
                  MIDDLE: "the middle frames of as many equal parts of the clip"}
        return f"Columns: {chosen[choice.by]}"
    names = choice.sources[0].record.title
    if choice.same_frames:
        reads = "from the first to the last at which a row's model reads it"
        which = (f"the middle one of the frames {reads}" if choice.by == MIDDLE else
                 f"the frame, of those {reads}, where {SUMMED}")
    else:
        which = "the middle one of its frames" if choice.by == MIDDLE else \
            "the one of its frames where the map's mean is largest"
    missed = any(span is not None and span.verdict == MISSED for row in choice.spans for span in row)
    return f"Columns: glosses as {names} read them, each at {which}" + (
        "; missed glosses at the frames where they are signed" if missed else "")


def _methods(sources: Sequence[Source]) -> List[str]:
    named: Dict[Tuple[str, str], None] = {}
    for source in sources:
        named[source.map.method or source.record.method, source.record.pool] = None
    several = len(dict.fromkeys(name for name, _ in named)) > 1
    return [("Methods: " if several else "Method: ") + "; ".join(_once(_method(*one) for one in named))]


def _method(name: str, pool: str) -> str:
    known = method_named(name)
    if known is None:
        return name
    shared = {"clip": ", averaged over the clip", "frame": ", averaged over each frame"}[pool] \
        if known.line.startswith(SHARING) else ""
    return f"{name}, {known.line}{shared}" + (f" ({known.paper})" if known.paper else "")


def _targets(choice: Choice) -> List[str]:
    """What each map explains: of glosses explained on their own these, of others what was asked for the clip."""
    if not choice.spans:
        return ["Target: " + "; ".join(_once(source.cams.target for source in choice.sources))]
    words: List[str] = []
    for source, spans in zip(choice.sources, choice.spans):
        for span in filter(None, spans):
            own = source.alone(span)
            words.append(source.cams.target if own is None else _of_any(own.about.words, span.gloss))
    return ["Target: " + "; ".join(_once(words))]


def _of_any(words: str, gloss: str) -> str:
    """The same words for all glosses that were asked for alike."""
    return "each gloss" + words[len(gloss):] if words.startswith(f"{gloss}, which was read: ") else words


def _colours(choice: Choice) -> List[str]:
    said = [choice.sheet.legend.replace(" (see the caption)", "")]
    if "or in each frame" in said[0]:
        said.append("in each frame: " + ", ".join(
            row.label for row in choice.sheet.rows if any(_per_frame(cell.laid) for cell in row.cells if cell.laid)))
    return ["Colours: " + "; ".join(said) + "; the larger a map's value, the more it hides the frame"]


def _per_frame(laid: LaidMap) -> bool:
    return laid.per_frame and laid.spatial


def _laying(choice: Choice) -> List[str]:
    maps = [source.map.laid for source in choice.sources]
    said = []
    if any(laid.spatial and not isinstance(laid, JointMap) for laid in maps):
        how, cut = (("by cubic convolution (bicubic)", ", clipped to the range of colours")
                    if choice.sheet.bicubic else ("linearly (bilinear)", ""))
        said.append(f"maps are interpolated {how} between the centres of the layer's cells{cut}, and linearly in time")
    if any(isinstance(laid, JointMap) for laid in maps):
        said.append("keypoints are drawn as discs; a limb between two keypoints is drawn as a line with the lower of "
                    "their two values; values are interpolated linearly in time")
    if any(isinstance(laid, JointMap) and laid.matrix is not None for laid in maps):
        said.append(f"arcs are the {ARCS} pairs of keypoints in which one takes most from the other over the whole "
                    "clip; their colour is their share of the strongest pair; a dot marks the keypoint that takes")
    if any(isinstance(laid, LinkedMap) for laid in maps):
        said.append(f"arcs are the {COUNT} links by which one cell gives most to another at the step nearest to the "
                    "frame; their colour is their share of the clip's strongest link; a dot marks the cell that takes")
    parts = [laid for laid in maps if laid.spatial and laid.extent.box != (0, laid.extent.size[1], 0,
                                                                          laid.extent.size[2])]
    return said + (["the part of a frame that the model does not see is grey"] if parts else [])


def _strips(choice: Choice) -> List[str]:
    maps = [source.map.laid for source in choice.sources]
    kinds = []
    if any(laid.spatial and not isinstance(laid, JointMap) for laid in maps):
        kinds.append("in grey, the mean of the map over each frame, divided by the largest such mean")
    if any(isinstance(laid, JointMap) for laid in maps):
        kinds.append("for keypoints, the colour of each over time, one line for each keypoint; where there are "
                     "more keypoints than lines, the largest value of those that share a line")
    if any(not laid.spatial for laid in maps):
        kinds.append("for time-only layers, the value itself, as a colour and as a height")
    marks = "the gloss" if choice.spans else "each gloss read"
    hatched = any(laid.extent.seen != (0, len(laid)) for laid in maps)
    return ["Strips run over the whole clip: " + "; ".join(kinds), f"an arrow marks the frame shown, and a line marks "
            f"{marks}" + ("; frames that are hatched were not seen" if hatched else "")]


def _once(words: Iterable[str]) -> List[str]:
    return list(dict.fromkeys(words))
