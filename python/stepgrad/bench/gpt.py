"""A small GPT for the benchmarks: in Keras's words and in PyTorch's, from the same weights.

Blocks as in GPT-2 (Radford et al., 2019): normalize, attend, add; normalize, two dense layers, add. Without position
embeddings: the causal mask alone tells the positions apart.
"""

from __future__ import annotations

from typing import Any

import numpy as np

WIDER = 4  # the dense layer inside a block


def gpt(library: Any, steps: int, batch: int, tokens: int, blocks: int, width: int, heads: int) -> Any:
    """Build the model: tokens (batch, steps) to logits (batch, steps, tokens). `library` is stepgrad or keras."""
    layers = library.layers

    def normalized(x):
        return layers.LayerNormalization(epsilon=1e-5)(x)

    inputs = layers.Input((steps,), batch_size=batch, dtype="int32")
    x = layers.Embedding(tokens, width)(inputs)
    for _ in range(blocks):
        h = normalized(x)
        x = layers.Add()([x, layers.MultiHeadAttention(heads, width // heads)(h, h, use_causal_mask=True)])
        h = layers.Dense(WIDER * width, activation="gelu")(normalized(x))
        x = layers.Add()([x, layers.Dense(width)(h)])
    return library.Model(inputs, layers.Dense(tokens)(normalized(x)))


def gpt_weights(
    rng: np.random.Generator, tokens: int, blocks: int, width: int, heads: int
) -> list[np.ndarray]:
    """Return the weights in the order of the layers: normal with deviation 0.02 as in GPT-2, biases 0."""

    def normal(*shape):
        return rng.standard_normal(shape, np.float32) * np.float32(0.02)

    def zeros(*shape):
        return np.zeros(shape, np.float32)

    size, one = width // heads, np.ones(width, np.float32)
    result = [normal(tokens, width)]
    for _ in range(blocks):
        result += [one, zeros(width)]
        for _ in ("query", "key", "value"):
            result += [normal(width, heads, size), zeros(heads, size)]
        result += [normal(heads, size, width), zeros(width), one, zeros(width)]
        result += [
            normal(width, WIDER * width),
            zeros(WIDER * width),
            normal(WIDER * width, width),
            zeros(width),
        ]
    return [*result, one, zeros(width), normal(width, tokens), zeros(tokens)]


def torch_gpt(weights: list[np.ndarray], blocks: int, heads: int) -> Any:
    """Build the same for PyTorch, as a PyTorch program would: one product for query, key and value."""
    import torch
    from torch import nn

    given = iter(weights)

    def take(count):
        return [torch.from_numpy(np.array(next(given))) for _ in range(count)]

    def linear(kernel, bias):
        kernel = kernel.reshape(-1, bias.numel())
        layer = nn.Linear(*kernel.shape)
        layer.weight, layer.bias = nn.Parameter(kernel.T.contiguous()), nn.Parameter(bias.reshape(-1))
        return layer

    def norm():
        scale, offset = take(2)
        layer = nn.LayerNorm(len(scale))
        layer.weight, layer.bias = nn.Parameter(scale), nn.Parameter(offset)
        return layer

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = norm()
            kernels, biases = zip(*(take(2) for _ in range(3)))
            width = len(kernels[0])
            joined = torch.cat([k.reshape(width, width) for k in kernels], 1)
            self.project = linear(joined, torch.cat([b.reshape(-1) for b in biases]))
            kernel, bias = take(2)
            self.output = linear(kernel.reshape(width, width), bias)
            self.second = norm()
            self.wide, self.narrow = linear(*take(2)), linear(*take(2))

        def forward(self, x):
            batch, steps, width = x.shape
            parts = self.project(self.first(x)).reshape(batch, steps, 3, heads, width // heads)
            query, key, value = parts.permute(2, 0, 3, 1, 4)
            y = nn.functional.scaled_dot_product_attention(query, key, value, is_causal=True)
            x = x + self.output(y.transpose(1, 2).reshape(x.shape))
            return x + self.narrow(nn.functional.gelu(self.wide(self.second(x))))

    (table,) = take(1)
    return nn.Sequential(
        nn.Embedding.from_pretrained(table, freeze=False),
        *(Block() for _ in range(blocks)),
        norm(),
        linear(*take(2)),
        nn.Flatten(0, 1),
    )
