"""More cases of benchmarks/cuda.py: attention against FlashAttention, a sequence of an LSTM against cuDNN."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def attention(batch: int, t: int, heads: int, d: int, draw: Callable, none: Callable) -> Iterator[tuple]:
    """Yield (op, title, args, want, libraries, work) of causal attention, forward and backward."""
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.nn.functional import scaled_dot_product_attention as library

    q, k, v, dy = (draw(batch, t, heads, d) for _ in range(4))
    scale, bias = d**-0.5, none(4)
    stats = [torch.empty((batch, heads, t), device=q.device) for _ in range(2)]

    def turned(x: Any) -> Any:
        return x.transpose(1, 2)

    wide = [x.double().requires_grad_() for x in (q, k, v)]
    y = turned(library(*map(turned, wide), is_causal=True))
    gradients = [g.float() for g in torch.autograd.grad(y, wide, dy.double())]
    want = y.detach().float().contiguous()
    half = [x.bfloat16().requires_grad_() for x in (q, k, v)]

    def flash(arrays: list) -> Any:
        with sdpa_kernel(SDPBackend.FLASH_ATTENTION):
            return turned(library(*map(turned, arrays), is_causal=True))

    def with_tf32(allow: bool, call: Callable) -> Any:
        torch.backends.cuda.matmul.allow_tf32 = allow
        return call()

    def forward() -> Any:
        return library(*map(turned, (q, k, v)), is_causal=True)

    libraries: dict[str, Callable] = {
        "PyTorch": lambda: with_tf32(False, forward),
        "PyTorch tf32": lambda: with_tf32(True, forward),
        "FlashAttention bf16 (PyTorch)": lambda: flash(half),
    }
    title = f"{batch} x {t}, {heads} heads of {d}, causal"
    args = (q, k, v, bias, torch.empty_like(q), *stats, scale, True)
    yield "attention", title, args, {4: want}, libraries, 2.0 * batch * heads * t * t * d

    rows = scale * torch.einsum("bthd,bshd->bhts", q.double(), k.double())
    rows = rows.masked_fill(torch.ones(t, t, device=q.device).triu(1).bool(), -torch.inf)
    largest = rows.amax(-1, keepdim=True)
    total = (rows - largest).exp().sum(-1).float()
    own = [x.clone().requires_grad_() for x in (q, k, v)]
    through = turned(library(*map(turned, own), is_causal=True))
    through_half, dy_half = flash(half), dy.bfloat16()

    def backward() -> Any:
        return torch.autograd.grad(through, own, dy, retain_graph=True)

    libraries = {
        "PyTorch": lambda: with_tf32(False, backward),
        "PyTorch tf32": lambda: with_tf32(True, backward),
        "FlashAttention bf16 (PyTorch)": lambda: torch.autograd.grad(
            through_half, half, dy_half, retain_graph=True
        ),
    }
    outputs = [torch.empty_like(x) for x in (q, k, v)]
    args = (q, k, v, bias, want, largest[..., 0].float().contiguous(), total, dy, *outputs, scale, True)
    want_back = {8 + i: g for i, g in enumerate(gradients)}
    yield "attention_gradient", title, args, want_back, libraries, 5.0 * batch * heads * t * t * d


def lstm(batch: int, t: int, n: int, units: int, draw: Callable, none: Callable) -> tuple:
    """Return (op, title, args, want, libraries, work) of a sequence, forward; cuDNN's gates stand in our order, i f g o."""
    import torch

    x, w, u = draw(batch, t, n), draw(n, 4 * units, scale=n**-0.5), draw(units, 4 * units, scale=units**-0.5)
    bias, h0, c0 = draw(4 * units), draw(batch, units), draw(batch, units)
    layer = torch.nn.LSTM(n, units, batch_first=True, device=x.device)
    with torch.no_grad():
        for name, value in (("weight_ih_l0", w.T), ("weight_hh_l0", u.T), ("bias_ih_l0", bias)):
            getattr(layer, name).copy_(value)
        layer.bias_hh_l0.zero_()
        state = h0[None], c0[None]
        want = layer.double()(x.double(), tuple(s.double() for s in state))[0].float()
    layer = layer.float()

    def library() -> Any:
        with torch.no_grad():
            return layer(x, state)

    mask, kept = none(2), none(3)  # no mask; nothing is kept for a backward pass
    results = torch.empty_like(want.contiguous()), torch.empty_like(h0), torch.empty_like(c0)
    args = (x, w, u, bias, h0, c0, mask, *results, kept, kept)
    title, libraries = f"{batch} x {t} x {n}, {units} units", {"cuDNN (PyTorch)": library}
    return "lstm_sequence", title, args, {7: want}, libraries, 8.0 * batch * t * (n + units) * units
