"""The picture of parts that the page reads: its greys are the labels, frame beside frame."""
import base64

import cv2
import numpy as np

from poses.parts import part_labels
from records.hiding import STILL, Hiding
from records.parts import PARTS, ClipParts, GlossParts
from reports.parted import COLUMNS, SPREAD, parts_sheet
from tests.kit import records
from tests.kit import report as made

FRAMES = COLUMNS + 3            # in a second row too


def test_the_sheet_holds_the_labels_of_every_frame_in_rows() -> None:
    clip_parts = ClipParts(Hiding(STILL), "asks", PARTS[6], 70, 8, (GlossParts(records.gloss(), -0.5, -4.5, (), ()),))
    record = made.changed(made.record(FRAMES), "slowfast", parts=clip_parts)
    frames, keypoints = made.picture(FRAMES), made.keypoints(FRAMES)
    sheet = parts_sheet(frames, keypoints, record)
    assert sheet is not None and sheet["names"] == PARTS[6]
    png = np.frombuffer(base64.b64decode(sheet["picture"].split(",")[1]), np.uint8)
    picture = cv2.imdecode(png, cv2.IMREAD_GRAYSCALE)
    assert picture is not None and picture.shape == (2 * sheet["side"], COLUMNS * sheet["side"])
    labels, _ = part_labels(keypoints, frames, 6)
    side = sheet["side"]
    for frame in (0, 1, COLUMNS - 1, COLUMNS, FRAMES - 1):
        row, column = divmod(frame, sheet["columns"])
        shown = picture[row * side:(row + 1) * side, column * side:(column + 1) * side]
        np.testing.assert_array_equal(shown, labels[frame] * SPREAD)
    assert sheet["spread"] == SPREAD and SPREAD * (len(PARTS[6]) - 1) < 256


def test_without_parts_or_keypoints_there_is_none() -> None:
    assert parts_sheet(made.picture(2), made.keypoints(2), made.record(2)) is None
