"""Whole training steps on the GPU against PyTorch's, and the project's goals for CUDA as shares of the libraries."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from stepgrad.bench import nets, steps

GPT_124M = nets.Net(
    "gpt-124m", "GPT of 124M weights: 12 blocks, 768 wide, 4 x 1024 tokens", (1024,), (("gpt", 12, 768, 12),),
    classes=50257, batch=4, from_logits=True,
)  # fmt: skip
NETS = (nets.NETS["demo"], nets.NETS["gpt"], GPT_124M)
CHECKED = 3  # losses that must agree with PyTorch's
TOLERANCE = 2e-3  # Adam divides by gradients close to 0, where the last digits of float32 count


class Step(NamedTuple):
    """A contestant of a net: its time and, for ours, how far its first losses are from PyTorch's."""

    net: str
    contestant: str
    error: float | None
    seconds: float | None
    share: float | None


def torch_step(net: nets.Net, place: str) -> Callable[[], Any]:
    """Return a training step by PyTorch: Adam fused, images channels last."""
    import torch

    model = steps.torch_model(net).to(place)
    x, y = (torch.from_numpy(a).to(place) for a in nets.batch(net))
    if x.ndim == 4:
        model = model.to(memory_format=torch.channels_last)
        x = x.permute(0, 3, 1, 2)
    y = y if net.one_hot else y.long().reshape(-1)
    criterion = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), steps.RATE, eps=steps.EPSILON, fused=True)

    def step() -> Any:
        optimizer.zero_grad()
        value = criterion(model(x), y)
        value.backward()
        optimizer.step()
        return value.detach()

    return step


def our_step(net: nets.Net, device: str) -> Callable[[], Any]:
    """Return a training step by the engine on a device."""
    import stepgrad as sg

    with sg.device(device):
        inside = steps._stepgrad(net)

    def step() -> Any:
        with sg.device(device):
            return inside()

    return step


def race(device: Any, name: str, of: Iterable[nets.Net], rounds: int) -> list[Step]:
    """Compare the first losses, then time both in turns. `name` is stepgrad's word for the device."""
    rows = []
    for net in of:
        calls = {"PyTorch": torch_step(net, device.torch_name), "stepgrad": our_step(net, name)}
        theirs, ours = (np.array([float(call()) for _ in range(CHECKED)]) for call in calls.values())
        error = float(np.abs(ours - theirs).max() / np.abs(theirs).max())
        if not error <= TOLERANCE:  # NaN, too
            rows.append(Step(net.title, "stepgrad", error, None, None))
            continue
        times: dict[str, list[float]] = {contestant: [] for contestant in calls}
        for _ in range(rounds):
            for contestant, call in calls.items():
                times[contestant].append(device.seconds(call))
        median = {contestant: statistics.median(t) for contestant, t in times.items()}
        rows.append(Step(net.title, "PyTorch", None, median["PyTorch"], 1.0))
        rows.append(
            Step(net.title, "stepgrad", error, median["stepgrad"], median["PyTorch"] / median["stepgrad"])
        )
    return rows


class Goal(NamedTuple):
    """A share of a library's speed that a rung should reach: enough, and the aim beyond."""

    what: str
    op: str
    rungs: tuple[str, ...]  # the best of them counts; none: every rung in float32
    enough: float
    aim: float


GOALS = (
    Goal("matmul, float32", "matmul", ("warp_tile",), 0.75, 0.9),
    Goal("matmul, tf32 by mma.sync", "matmul", ("tf32_mma",), 0.3, 0.5),
    Goal("matmul, tf32 by wgmma", "matmul", ("tf32_wgmma",), 0.7, 0.9),
    Goal("matmul, bf16 by mma.sync", "matmul", ("bf16_mma",), 0.4, 0.55),
    Goal("matmul, bf16 by wgmma", "matmul", ("bf16_wgmma",), 0.55, 0.7),
    *(
        Goal(f"{what}, of a copy's bandwidth", op, (), 0.85, 0.95)
        for what, op in (
            ("softmax", "softmax"),
            ("cross-entropy", "sparse_softmax_cross_entropy"),
            ("pooling", "max_pool2d"),
            ("layer norm", "layer_norm"),
            ("gradient of layer norm", "layer_norm_gradient"),
            ("RMS norm", "rms_norm"),
            ("batch norm", "batch_norm"),
            ("sum", "sum"),
            ("bias and activation", "bias_activation"),
            ("gradient of bias and activation", "bias_activation_gradient"),
            ("Adam", "adam_update"),
        )
    ),
    Goal("attention, bf16", "attention", ("bf16_mma",), 0.65, 0.95),
    Goal("gradient of attention, bf16", "attention_gradient", ("bf16_mma",), 0.5, 0.8),
    Goal("convolution, float32", "conv2d", (), 0.6, 0.8),
    Goal("gradient of the filters, float32", "conv2d_weight_gradient", (), 0.6, 0.8),
    Goal("training step of the demo's conv net", nets.NETS["demo"].title, ("stepgrad",), 1.0, 1.5),
    Goal("training step of the 124M GPT", GPT_124M.title, ("stepgrad",), 0.3, 0.6),
)


def share_of(goal: Goal, rows: list[Any], trained: list[Step]) -> float | None:
    """Return the best share of a goal's rungs on the case that is worst for it; None where nothing was measured."""
    if goal.rungs == ("stepgrad",):
        return next((s.share for s in trained if s.net == goal.op and s.contestant == "stepgrad"), None)
    by_case: dict[str, float] = {}
    for r in rows:
        wanted = (
            r.contestant in goal.rungs if goal.rungs else r.error is not None and r.precision == "float32"
        )
        if r.op == goal.op and wanted and r.share is not None:
            by_case[r.title] = max(by_case.get(r.title, 0.0), r.share)
    return min(by_case.values(), default=None)


def goals(rows: list[Any], trained: list[Step]) -> str:
    """Return the table of goals: "not measured" where there was no GPU."""
    lines = [
        "## Goals: share of the library's speed, on the worst size",
        "",
        "| | goal | aim | here |",
        "| --- | ---: | ---: | ---: |",
    ]
    for goal in GOALS:
        share = share_of(goal, rows, trained)
        here = "not measured" if share is None else f"{share:.0%}"
        lines.append(f"| {goal.what} | {goal.enough:.0%} | {goal.aim:.0%} | {here} |")
    return "\n".join(lines) + "\n"


def table(trained: list[Step]) -> str:
    """Return the training steps as a table."""
    lines = [
        "## Training steps",
        "",
        "| net | contestant | time, ms | of PyTorch | error of losses |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    if not trained:
        lines += [
            f"| {net.title} | {who} | not measured | | |" for net in NETS for who in ("PyTorch", "stepgrad")
        ]
    for s in trained:
        time_ms = "WRONG" if s.seconds is None else f"{s.seconds * 1e3:.2f}"
        share, error = (
            ("" if s.share is None else f"{s.share:.0%}"),
            ("" if s.error is None else f"{s.error:.1e}"),
        )
        lines.append(f"| {s.net} | {s.contestant} | {time_ms} | {share} | {error} |")
    return "\n".join(lines) + "\n"
