"""How often each hand was found in a video, and where not."""
import numpy as np

from video.hands import hands_line, ranges, seen, unseen


def points(frames: int = 10) -> np.ndarray:
    keypoints = np.full((frames, 133, 3), 0.9)
    keypoints[..., :2] = 50
    return keypoints


def test_the_rate_is_over_the_frames_with_the_wrist_in_the_picture() -> None:
    keypoints = points()
    keypoints[2:5, 91:112, 2] = 0               # the left hand, lost
    keypoints[8:, 9, 1] = 120                   # its wrist, below the picture
    keypoints[8:, 91:112, 2] = 0
    assert hands_line(keypoints, (100, 80)) == ("left hand found in 62 % (5 of 8 frames that show its wrist); "
                                                "right hand found in 100 % (10 of 10 frames that show its wrist)")
    assert unseen(keypoints) == {"left hand": ((2, 5), (8, 10)), "right hand": ()}
    keypoints[:, 10, 0] = -1
    assert hands_line(keypoints, (100, 80)).endswith("; right hand never in the picture")


def test_a_hand_whose_wrist_is_outside_counts_neither_way() -> None:
    """Though it was found: the rate is of the frames that show its wrist."""
    keypoints = points()
    keypoints[:4, 9, 0], keypoints[4, 91:112, 2] = 300, 0
    assert hands_line(keypoints, (100, 80)).startswith("left hand found in 83 % (5 of 6 frames that show its wrist)")
    keypoints[:, 9, :2] = (50, 90)              # in a picture that is higher than wide
    assert hands_line(keypoints, (100, 80)).startswith("left hand found in 90 % (9 of 10 frames")


def test_a_hand_is_found_where_half_of_it_is_sure() -> None:
    keypoints = points(2)
    keypoints[0, 112:122, 2] = keypoints[1, 112:123, 2] = 0.2
    assert seen(keypoints).tolist() == [[True, True], [True, False]]


def test_runs_are_from_the_first_to_one_past_the_last() -> None:
    assert ranges(np.array([True, False, True, True])) == ((0, 1), (2, 4)) and ranges(np.zeros(3, bool)) == ()
