import numpy as np
import pytest

from results.retrieval import ranking, retrieval, similarities


def test_pictures_of_the_query_s_own_camera_don_t_count() -> None:
    similar = np.array([0.9, 0.8, 0.7, 0.6])
    gallery = [(1, 1), (2, 1), (1, 2), (0, 3)]
    assert ranking(similar, (1, 1), gallery).tolist() == [1, 2, 3]


def test_precision_is_averaged_over_all_matches() -> None:
    similar = np.array([[0.9, 0.8, 0.7, 0.6]])
    quality = retrieval(similar, [(1, 9)], [(1, 1), (2, 1), (1, 2), (0, 3)])
    assert quality.mean_precision == pytest.approx((1 / 1 + 2 / 3) / 2) and quality.cmc == (1.0, 1.0, 1.0)


def test_ranks_are_counted_up_to_themselves() -> None:
    gallery = [(2, 1)] * 4 + [(1, 1)] + [(2, 1)] * 6
    similar = -np.arange(11.0)[None]
    assert retrieval(similar, [(1, 9)], gallery).cmc == (0.0, 1.0, 1.0)
    assert retrieval(similar[:, :2], [(1, 9)], [(2, 1), (1, 1)]).cmc == (0.0, 1.0, 1.0)
    assert retrieval(similar[:, :6], [(1, 9)], [*[(2, 1)] * 5, (1, 1)]).cmc == (0.0, 0.0, 1.0)


def test_queries_that_nobody_could_find_are_left_out() -> None:
    quality = retrieval(np.ones((2, 2)), [(1, 1), (2, 9)], [(1, 1), (2, 1)])
    assert quality.queries == 1 and quality.mean_precision in (1.0, 0.5)


def test_similarity_is_the_cosine() -> None:
    assert similarities(np.array([[3.0, 0.0]]), np.array([[2.0, 0.0], [1.0, 1.0]])).tolist() == [
        [1.0, pytest.approx(2 ** -0.5)]]
