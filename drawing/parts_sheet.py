"""What a figure of parts shows: a stacked bar for each gloss or group of glosses, all on one scale."""
from dataclasses import dataclass
from typing import List, Sequence, Tuple

from results.interval import Interval

ABSENT = "not in the picture"


@dataclass(frozen=True)
class Stack:
    label: str
    note: str
    parts: Sequence[Interval]           # of each part its share or log-odds; NaN: nothing can be said
    lacking: str = ""                   # in place of the bar: why there is none


@dataclass(frozen=True)
class Block:
    title: str
    stacks: Sequence[Stack]


@dataclass(frozen=True)
class PartsSheet:
    blocks: Sequence[Block]
    names: Tuple[str, ...]              # of the parts
    shares: bool                        # of what all parts give; else log-odds
    axis: str                           # in words what the scale is
    absent: Sequence[str] = ()          # those of the parts that are in no picture
    width: str = "page"

    def words(self) -> List[str]:
        """All that may be written on it."""
        return [self.axis, ABSENT, *self.names, "0123456789%.+-\u2212",
                *(words for block in self.blocks for words in (
                    block.title, *(text for stack in block.stacks
                                   for text in (stack.label, stack.note, stack.lacking))))]
