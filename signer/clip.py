"""One sentence by the synthetic signer: pictures, keypoints and evidence."""

from dataclasses import dataclass, replace
from typing import Iterator, Optional, Sequence, Tuple

import cv2
import numpy as np

from signer.body import Body, embody
from signer.distractors import KINDS, Draw
from signer.drawing import HEIGHT, LARGER, WIDTH, Painter
from signer.evidence import SIDE, Evidence
from signer.keypoints import whole_body
from signer.look import Look, redress
from signer.motion import WEATHER, Motion, Vocabulary, perform, sentence
from signer.studio import WeatherSymbol, wall


@dataclass(frozen=True)
class SignedClip:
    words: Tuple[str, ...]
    motion: Motion
    look: Look
    body: Body
    keypoints: np.ndarray                     # float32 [T, 133, 3]
    painter: Painter
    wall: np.ndarray                          # uint8 RGB, as large as the canvas
    symbol: WeatherSymbol
    vocabulary: Vocabulary
    distractor: Optional[Draw] = None

    def pictures(self) -> Iterator[np.ndarray]:
        """uint8 RGB [260, 210, 3], frame by frame."""
        for t in range(len(self.motion)):
            canvas = self.wall.copy()
            self.symbol.draw(canvas, t)
            if self.distractor is not None:
                self.distractor(canvas, t)
            self.painter.draw(canvas, self.body, t)
            yield cv2.resize(canvas, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)

    def evidence(self) -> Evidence:
        region = np.zeros((len(self.motion), SIDE, SIDE), bool)
        dominant = 0 if self.look.dominant == -1 else 1
        for t, index in enumerate(self.motion.active):
            if index < 0:
                continue
            gloss = self.vocabulary.glosses[self.words[index]]
            hands = (dominant,) if gloss.other is None else (0, 1)
            drawn = self.painter.region(self.body, t, hands, gloss.head is not None)
            region[t] = cv2.resize(drawn, (SIDE, SIDE), interpolation=cv2.INTER_AREA) >= 128
        return Evidence(self.words, self.motion.active, region)


def sign(look: Look, rng: np.random.Generator, vocabulary: Vocabulary = WEATHER,
         words: Optional[Sequence[str]] = None) -> SignedClip:
    """A new sentence by this signer, in clothes of the day. words: which, where it is not to be drawn by lot."""
    look = redress(look, rng)
    words = sentence(rng, vocabulary) if words is None else tuple(words)
    motion = perform(words, look.habits, rng, vocabulary)
    body = embody(motion, look, rng)
    keypoints = whole_body(body, look, rng)
    return SignedClip(words, motion, look, body, keypoints, Painter(look), wall(rng, WIDTH * LARGER, HEIGHT * LARGER),
                      WeatherSymbol(rng, LARGER), vocabulary)


def distracted(clip: SignedClip, kind: str, rng: np.random.Generator) -> SignedClip:
    """The same clip with something behind the signer that moves and means nothing."""
    return replace(clip, distractor=KINDS[kind](len(clip.motion), rng))
