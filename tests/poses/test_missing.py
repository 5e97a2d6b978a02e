"""What an estimator did not find lies where it would have been looked for, and says that it was not seen."""
import numpy as np

from poses.missing import filled


def body(x: float, hand: bool = True, face: bool = True) -> np.ndarray:
    """Wrist at (place, 100), the left hand's points 1 to 21 pixels beside it, the face 5 above the nose."""
    points = np.zeros((133, 3))
    points[:, 2] = 1
    points[9, :2], points[0, :2] = (x, 100), (x, 20)
    points[91:112, :2] = np.stack([x + np.arange(1, 22), np.full(21, 100)], 1)
    points[23:91, :2] = (x, 15)
    for there, part in ((hand, slice(91, 112)), (face, slice(23, 91))):
        if not there:
            points[part] = 0
    return points


def test_a_hand_that_is_not_found_keeps_its_shape_and_goes_with_the_wrist() -> None:
    keypoints = filled([body(10), body(50, hand=False), body(30)])
    assert keypoints is not None and keypoints.dtype == np.float32
    assert (keypoints[1, 91:112, 0] == 50 + np.arange(1, 22)).all() and (keypoints[1, 91:112, 1] == 100).all()
    assert (keypoints[1, 91:112, 2] == 0).all() and (keypoints[[0, 2], 91:112, 2] == 1).all()


def test_a_face_turned_away_goes_with_the_nose() -> None:
    keypoints = filled([body(10, face=False), body(30)])
    assert keypoints is not None and (keypoints[0, 23:91] == (10, 15, 0)).all()


def test_a_hand_never_seen_lies_at_its_wrist() -> None:
    keypoints = filled([body(10, hand=False), body(12, hand=False)])
    assert keypoints is not None and (keypoints[:, 91:112, 0] == [[10], [12]]).all()


def test_in_a_frame_without_the_signer_everything_is_on_its_way() -> None:
    keypoints = filled([None, body(10), None, body(30), None])
    assert keypoints is not None
    assert keypoints[:, 9, 0].tolist() == [10, 10, 20, 30, 30] and keypoints[2, 100, 0] == 20 + 10
    assert (keypoints[[0, 2, 4], :, 2] == 0).all()


def test_nobody_at_all_is_nothing() -> None:
    assert filled([None, None]) is None


def test_what_was_found_is_left_as_it_is() -> None:
    poses = [body(10), body(20), body(31)]
    keypoints = filled(poses)
    assert keypoints is not None and (keypoints == np.array(poses, np.float32)).all()
