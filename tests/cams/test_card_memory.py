"""Bytes that the estimate of a card's memory counts."""
import pytest
import torch
import torch.nn.functional as F

pytestmark = pytest.mark.skipif(torch.__version__.startswith("1."), reason="needs tensors without values, of torch 2")
SIDE = 100
ONE = 4 * SIDE ** 2     # bytes of a square in float32


def test_storages_are_counted_once_and_as_long_as_they_are_there() -> None:
    from benchmarks.card_memory import counted

    with counted() as live:
        first = torch.zeros(SIDE, SIDE)
        second = first.relu()
        assert live.now == 2 * ONE
        views = [second.view(-1), second.t()]
        del first, second
        assert live.now == ONE
        del views
        assert (live.now, live.peak) == (0, 2 * ONE)


def test_what_the_backward_needs_is_there_until_it_is_done() -> None:
    from benchmarks.card_memory import counted

    with counted() as live:
        weight, given = torch.zeros(SIDE, SIDE, requires_grad=True), torch.zeros(SIDE, SIDE)
        score = (given @ weight).exp().sum()        # keeps what exp gives
        assert live.now == 3 * ONE + 4
        score.backward()
        assert live.now == 3 * ONE + 4              # and now the gradient instead


@pytest.mark.parametrize("operation, kept", [
    (lambda x: F.softmax(x, 1), torch.float32), (lambda x: F.layer_norm(x, (SIDE,)), torch.float32),
    (lambda x: x.exp(), torch.float32), (lambda x: x.relu(), torch.float16), (lambda x: F.gelu(x), torch.float16)])
def test_half_precision_is_that_of_a_card(operation: object, kept: torch.dtype) -> None:
    from benchmarks.card_memory import counted

    assert callable(operation)
    with counted(), torch.autocast("cpu", torch.float16):
        square = torch.zeros(SIDE, SIDE)
        assert operation(square @ square).dtype == kept
