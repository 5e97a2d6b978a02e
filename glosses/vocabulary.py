from pathlib import Path
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from files.safe_pickle import load_npy, load_pickle
from terminal.errors import UserError

MOST = 1_000_000                # classes; a list of names is as long as the largest


class GlossVocabulary:
    """Glosses and their class numbers, as one model was trained with them.

    `names[i]` is what class i reads as. It may end before the network's classes do: those read `#857`.
    `aliases` are further words with a number of their own or of another word.
    """

    def __init__(self, names: Sequence[str], blank: int = 0, unknown: Optional[int] = None,
                 aliases: Optional[Mapping[str, int]] = None) -> None:
        self.names: Tuple[str, ...] = tuple(names)
        self.blank = blank
        self._ids = dict(aliases or {})
        self._ids.update({name: number for number, name in enumerate(self.names) if name})
        self.unknown = self._ids.get("<unk>") if unknown is None else unknown

    def __len__(self) -> int:
        return len(self.names)

    def __contains__(self, word: str) -> bool:
        return word in self._ids and self._ids[word] != self.blank

    def words(self) -> Dict[str, int]:
        """Every word and its class."""
        return dict(self._ids)

    def id(self, word: str) -> Optional[int]:
        """The word's class; for a word it does not know the unknown class, or None where there is none."""
        return self._ids.get(word, self.unknown)

    def name(self, number: int) -> str:
        known = self.names[number] if 0 <= number < len(self.names) else ""
        return known or f"#{number}"

    def encode(self, words: Iterable[str]) -> List[int]:
        """Words without a class are left out, as both models' authors do in training."""
        return [number for number in map(self.id, words) if number is not None]

    def decode(self, numbers: Iterable[int]) -> Tuple[str, ...]:
        return tuple(self.name(int(number)) for number in numbers)

    def cut(self, classes: int) -> "GlossVocabulary":
        """Without the words whose class a network of so many classes lacks."""
        unknown = None if self.unknown is None or self.unknown >= classes else self.unknown
        kept = {word: number for word, number in self._ids.items() if number < classes}
        return GlossVocabulary(self.names[:classes], self.blank, unknown, kept)

    def folded(self) -> "GlossVocabulary":
        """The same classes where capitals are not told from small letters."""
        return _Folded(self)


class _Folded(GlossVocabulary):
    """As a tokenizer that folds case: words are looked up in small letters, and classes read in capitals."""

    def __init__(self, plain: GlossVocabulary) -> None:
        super().__init__([name if _is_marker(name) else name.upper() for name in plain.names], plain.blank,
                         plain.unknown)
        words = plain.words()
        self._ids = {word.lower(): number for word, number in words.items()}
        self._ids.update({word: number for word, number in words.items() if word == word.lower()})  # they alone count

    def __contains__(self, word: str) -> bool:
        return super().__contains__(word.lower())

    def words(self) -> Dict[str, int]:
        return {word if _is_marker(word) else word.upper(): number for word, number in self._ids.items()}

    def id(self, word: str) -> Optional[int]:
        return super().id(word.lower())

    def cut(self, classes: int) -> GlossVocabulary:
        return super().cut(classes).folded()

    def folded(self) -> GlossVocabulary:
        return self


def from_ids(ids: Mapping[str, int], blank: int = 0) -> GlossVocabulary:
    """Where words share a class, it reads as the last of them that is no marker such as `<mask>`."""
    names = [""] * (max(ids.values()) + 1)
    for word, number in ids.items():
        if not names[number] or not _is_marker(word):
            names[number] = word
    return GlossVocabulary(names, blank, aliases=ids)


def _is_marker(word: str) -> bool:
    return word.startswith("<") and word.endswith(">")


def load_gloss2ids(path: Path) -> GlossVocabulary:
    """TwoStream-SLR's and MSKA-SLR's `gloss2ids.pkl`: {gloss: id}, `<s>` is the blank; where it is `<si>` the glosses
    are in small letters, and read back in capitals."""
    content = load_pickle(path)
    if not _maps_words_to_numbers(content):
        raise UserError(f"{path}: not a gloss2ids file: expected a dict of gloss -> id; give the one of the dataset")
    ids = {word: int(number) for word, number in content.items()}
    if "<si>" in ids:
        folded = {word if _is_marker(word) else word.upper(): number for word, number in ids.items()}
        return GlossVocabulary(from_ids(folded).names, ids["<si>"], aliases={**ids, **folded})
    return from_ids(ids, blank=ids.get("<s>", 0))


def load_gloss_dict(path: Path) -> GlossVocabulary:
    """SlowFastSign's `gloss_dict.npy`: {gloss: [id, count]}, ids from 1."""
    content = load_npy(path)
    entries = content.items() if isinstance(content, dict) else ()
    ids = {word: entry[0] for word, entry in entries if isinstance(entry, (list, tuple)) and entry}
    if len(ids) != len(entries) or not _maps_words_to_numbers(ids):
        raise UserError(f"{path}: not a gloss_dict file: expected a dict of gloss -> [id, count]; "
                        "give the one written by the dataset's preprocessing")
    return from_ids({"<blank>": 0, **{word: int(number) for word, number in ids.items()}})


def _maps_words_to_numbers(content: Any) -> bool:
    return (isinstance(content, dict) and bool(content)
            and all(isinstance(word, str) and isinstance(number, (int, np.integer)) and 0 <= number < MOST
                    for word, number in content.items()))


def in_string_order(sentences: Iterable[Sequence[str]]) -> GlossVocabulary:
    """Every gloss there is, numbered from 1, as the CSLR code bases number them."""
    return GlossVocabulary(["<blank>", *sorted({word for words in sentences for word in words})])
