"""Whether a vocabulary fits a corpus: what is signed there and has no class can't be read, nor trained on."""
from collections import Counter
from typing import Iterable, Optional, Sequence

from glosses.vocabulary import GlossVocabulary
from terminal.errors import UserError

SAID, REFUSED = 0.02, 0.5       # shares of a split's glosses without a class; a dev split has a few unseen ones
NAMED = 5


def check_known(vocabulary: GlossVocabulary, sentences: Iterable[Sequence[str]], whose: str, split: str,
                advice: str) -> Optional[str]:
    """A note where a fair part of what is signed in a split has no class, an error where that is most of it.

    whose: the file that the classes are of; advice: what to give instead.
    """
    words = Counter(word for sentence in sentences for word in sentence)
    lacking = Counter({word: count for word, count in words.items() if word not in vocabulary})
    total, lost = sum(words.values()), sum(lacking.values())
    if lost <= SAID * total:
        return None
    some = [word for word, _ in lacking.most_common(NAMED)]
    message = (f"{whose}: {100 * lost / total:.1f}% of the glosses of '{split}' have no class ({lost} of {total}: "
            f"{', '.join(some)}{', ...' if len(lacking) > NAMED else ''})")
    if lost > REFUSED * total:
        raise UserError(f"{message}; expected a class for nearly all; give {advice}")
    return message
