"""A sequence for ELAN: tiers of the truth, of what each network read, and of where its maps are strongest; and as
subtitles. Times are those of the clip's own video, a frame every 1 / fps seconds."""
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from files.eaf import Eaf, Interval, Media, Tier, intervals
from files.eaf_writer import eaf_bytes
from records.sequence import ModelRecord
from records.sequence import Sequence as Record
from records.several import layer_of
from records.transcript import Range, true_id
from results.glosses import peak

if TYPE_CHECKING:
    from records.explanation import Explanation, LayerMap

TRUTH = "truth"
PEAKS = 6               # layers told of a frame, at most


def write_elan(folder: Path, record: Record, explanations: "Mapping[str, Explanation]",
               media: Sequence[Media]) -> None:
    """NAME.eaf for ELAN, NAME.vtt for browsers and players. media: what the annotation is of."""
    tiers = tiers_of(record, explanations)
    annotation, subtitles = elan_files(record.sequence)
    (folder / annotation).write_bytes(eaf_bytes(Eaf(tuple(tiers), tuple(media))))
    (folder / subtitles).write_text(vtt(tiers), encoding="utf-8")


def elan_files(sequence: str) -> Tuple[str, str]:
    return f"{sequence}.eaf", f"{sequence}.vtt"


def tiers_of(record: Record, explanations: "Mapping[str, Explanation]") -> List[Tier]:
    """The truth, and of each network the glosses it read, what they were read from, and the peaks of its maps."""
    made = [_truth(record)] if record.truth else []
    for name, model in record.models.items():
        made += [_read(model, record.fps), _parts(model, record.fps)]
        if name in explanations:
            made.append(_peaks(model.title, explanations[name], record.fps))
    return [tier for tier in made if tier.intervals]


def _truth(record: Record) -> Tier:
    """Where the first network that aligns them has them; those it cannot place share the gap evenly."""
    assert record.truth is not None
    aligned: Dict[str, Range] = next(({span.id: span.frames for span in model.truth_spans}
                                      for model in record.models.values() if model.truth_spans), {})
    spans: List[Optional[Range]] = [aligned.get(true_id(number)) for number in range(1, len(record.truth) + 1)]
    frames = list(_without_gaps(spans, record.frames))
    return Tier(TRUTH, intervals([(start / record.fps, stop / record.fps, gloss)
                                  for (start, stop), gloss in zip(frames, record.truth)]))


def _without_gaps(spans: Sequence[Optional[Range]], total: int) -> Iterator[Tuple[float, float]]:
    end = 0.0
    for number, span in enumerate(spans):
        if span is None:
            later = next(((index, other) for index, other in enumerate(spans) if index > number and other), None)
            index, start = (len(spans), float(total)) if later is None else (later[0], float(later[1][0]))
            span_end = end + max(0.0, start - end) / (index - number)
            yield end, span_end
            end = span_end
        else:
            yield float(span[0]), float(span[1])
            end = float(span[1])


def _read(model: ModelRecord, fps: float) -> Tier:
    spans, guess = model.spans, "guess" if model.guess else ""
    about = [(f"{model.title} score", tuple(f"{span.score:.2f}" for span in spans)),
             (f"{model.title} verdict", tuple(", ".join(filter(None, (guess, span.verdict))) for span in spans))]
    return Tier(model.title, intervals([(span.frames[0] / fps, span.frames[1] / fps, span.gloss) for span in spans]),
                tuple((name, texts) for name, texts in about if any(texts)))


def _parts(model: ModelRecord, fps: float) -> Tier:
    """The Shapley value of each part of the picture, in natural logarithms; both sides of a contrast in one text."""
    texts: Dict[Range, List[str]] = {}
    for gloss in model.parts.glosses if model.parts else ():
        values = [(part.value, part.name) for part in gloss.parts if part.value is not None]
        side = f" ({gloss.about.side})" if gloss.about.side else ""
        if values:
            values_by_name = ", ".join(f"{name} {value:+.2f}" for value, name in sorted(values, reverse=True))
            texts.setdefault(gloss.about.frames, []).append(f"{gloss.about.gloss}{side}: {values_by_name}")
    return Tier(f"{model.title} parts", intervals([(start / fps, stop / fps, "; ".join(texts[start, stop]))
                                                   for start, stop in sorted(texts)]))


def _peaks(title: str, explanation: "Explanation", fps: float) -> Tier:
    """The frames at which maps are strongest: of each gloss that was explained, or of all that was asked."""
    layers: Dict[int, List[str]] = {}
    for gloss in explanation.glosses:
        for name, layer in gloss.layers.items():
            _note(layers, f"{gloss.about.gloss}: ", name, layer, gloss.about.frames)
    for name, layer in () if explanation.glosses else explanation.layers.items():
        _note(layers, "", name, layer, (0, len(layer.laid)))
    return Tier(f"{title} peaks", tuple(Interval(frame / fps, (frame + 1) / fps, _few(layers[frame]))
                                        for frame in sorted(layers)))


def _note(layers: Dict[int, List[str]], gloss: str, name: str, layer: "LayerMap", frames: Range) -> None:
    largest = peak(layer.laid, frames)
    if largest:
        where = f" at {largest['peak_x']},{largest['peak_y']}" if "peak_x" in largest else ""
        layers.setdefault(int(largest["peak_frame"]), []).append(f"{gloss}{layer_of(name, layer.method)}{where}")


def _few(texts: Sequence[str]) -> str:
    more = f"; and {len(texts) - PEAKS} more" if len(texts) > PEAKS else ""
    return "; ".join(texts[:PEAKS]) + more


def vtt(tiers: Sequence[Tier]) -> str:
    """WebVTT: a cue for each gloss, with who says it."""
    cues = sorted((interval.start, interval.stop, number, tier.name, interval.text) for number, tier in enumerate(tiers)
                  for interval in tier.intervals if not tier.name.endswith((" peaks", " parts")))
    lines = [f"{_moment(start)} --> {_moment(stop)}\n<v {escape(name)}>{escape(text)}</v>\n"
             for start, stop, _, name, text in cues]
    return "WEBVTT\n\n" + "\n".join(lines)


def _moment(second: float) -> str:
    whole, thousandths = divmod(round(second * 1000), 1000)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}.{thousandths:03d}"
