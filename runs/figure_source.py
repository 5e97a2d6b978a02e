"""Where a figure's rows are from, and what they are called."""
from dataclasses import dataclass
from typing import Callable, List, Optional, Sequence

from records.explanation import Explanation, GlossMaps, LayerMap
from records.sequence import ModelRecord
from records.transcript import Span
from results.explained_run import ExplainedRun
from terminal.errors import UserError


@dataclass(frozen=True)
class Source:
    """Where a row is from."""

    run: ExplainedRun
    model: str
    layer: str

    @property
    def record(self) -> ModelRecord:
        return self.run.record.models[self.model]

    @property
    def cams(self) -> Explanation:
        return self.run.cams[self.model]

    @property
    def map(self) -> LayerMap:
        """Of all that was asked."""
        return self.cams.layers[self.layer]

    def alone(self, span: Span) -> Optional[GlossMaps]:
        """What was read, where it was explained on its own."""
        return next((gloss for gloss in self.cams.glosses if gloss.about.span == span.id and gloss.about.side != "true"
                     and self.layer in gloss.layers), None)

    def of_gloss(self, span: Span) -> LayerMap:
        """Its own map where there is one, else the clip's."""
        own = self.alone(span)
        return self.map if own is None else own.layers[self.layer]


def labels_of(sources: Sequence[Source], asked: Optional[Sequence[str]]) -> List[str]:
    if asked is None:
        return [", ".join([source.record.title, source.layer, *_apart(source, sources)]) for source in sources]
    if len(asked) != len(sources):
        raise UserError(f"--labels names {len(asked)} rows, and there are {len(sources)}: "
                        f"{'; '.join(f'{source.record.title}, {source.layer}' for source in sources)}")
    wrong = next((label for label in asked if not label.isprintable()), None)
    if wrong is not None:
        raise UserError(f"--labels {wrong!r}: expected words that can be printed in a line")
    return list(asked)


TRAITS: Sequence[Callable[[Source], str]] = (
    lambda source: source.record.method,
    lambda source: f"target {source.run.record.settings.get('target')}",
    lambda source: f"pool {source.record.pool}",
    lambda source: f"normalise {source.record.normalise}",
    lambda source: source.record.checkpoint.file,
    lambda source: source.record.checkpoint.sha256[:8],
)


def _apart(source: Source, sources: Sequence[Source]) -> List[str]:
    """What tells a row from others of the same model and layer."""
    others = [other for other in sources if (other.model, other.layer) == (source.model, source.layer)]
    differ = [trait(source) for trait in TRAITS if len({trait(other) for other in others}) > 1]
    return differ or ([source.run.folder.parent.name] if len(others) > 1 else [])
