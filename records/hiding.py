"""What stands in for what is hidden of a clip, and the question that each way of hiding asks."""
from dataclasses import dataclass

STILL, MEAN, BLUR = WAYS = ("still", "mean", "blur")
GONE, REST = POINTS = ("gone", "rest")
LOOKS = {
    STILL: "the clip's own per-pixel median picture: what is hidden stands still",
    MEAN: "the clip's mean colour",
    BLUR: "the clip itself, blurred",
}
ASKS = {
    STILL: "what is read from this signing rather than from the signer standing still",
    MEAN: "what is read from the clip rather than from an even picture of its mean colour",
    BLUR: "what is read from detail rather than from a blurred picture",
}
KEYPOINTS = {
    GONE: "hidden keypoints are gone",
    REST: "hidden keypoints are at rest",
}


@dataclass(frozen=True)
class Hiding:
    """way: one of WAYS; points: one of POINTS, what becomes of keypoints under what is hidden."""

    way: str
    points: str = GONE

    def words(self, keypoints: bool) -> str:
        """The question that it asks. keypoints: whether there are any to be hidden."""
        return f"asks {ASKS[self.way]}" + (f"; {KEYPOINTS[self.points]}" if keypoints else "")
