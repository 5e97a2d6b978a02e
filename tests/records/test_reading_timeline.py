from records.reading_timeline import timeline
from tests.kit import records


def test_missed_glosses_stand_where_they_were_due() -> None:
    read = records.span(1, "A", (4, 8), "right"), records.span(2, "C", (20, 24), "right")
    missed = records.missed(1, "X", 0, (0, 4)), records.missed(3, "B", 1, (8, 20)), records.missed(5, "D", 2, (24, 25))
    entries = timeline(records.model(spans=read, deleted=missed))
    assert [(entry.id, entry.gloss, entry.frames) for entry in entries] == [
        ("true-1", "X", (0, 4)), ("read-1", "A", (4, 8)), ("true-3", "B", (8, 20)), ("read-2", "C", (20, 24)),
        ("true-5", "D", (24, 25))]
    assert [entry.verdict for entry in entries] == ["deleted", "right", "deleted", "right", "deleted"]


def test_two_missed_in_one_gap_keep_their_order() -> None:
    missed = records.missed(1, "B", 0, (0, 2)), records.missed(2, "C", 0, (2, 4))
    entries = timeline(records.model(spans=(records.span(1, "A", (4, 8)),), deleted=missed))
    assert [entry.gloss for entry in entries] == ["B", "C", "A"]
