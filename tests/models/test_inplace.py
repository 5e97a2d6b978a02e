import torch

from models.inplace import add_, relu_


def test_in_place_unless_a_recorded_view() -> None:
    plain, view = torch.randn(4, 3), torch.randn(4, 3).t()
    assert relu_(plain).data_ptr() == plain.data_ptr() and relu_(view).data_ptr() == view.data_ptr()
    assert add_(view, plain.t()).data_ptr() == view.data_ptr()
    recorded = (torch.randn(4, 3).requires_grad_(True) * 1).t()
    assert relu_(recorded).data_ptr() != recorded.data_ptr() != add_(recorded, view).data_ptr()


def test_no_copy_of_a_view_is_recorded() -> None:
    x = torch.randn(4, 3, requires_grad=True)
    steps = [relu_((x * 2).t()), add_((x * 2).t(), torch.ones(3, 4))]
    assert [type(step.grad_fn).__name__ for step in steps] == ["ReluBackward0", "AddBackward0"]
