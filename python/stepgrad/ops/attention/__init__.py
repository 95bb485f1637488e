"""Attention."""

from stepgrad.ops.attention.dot_product_attention import dot_product_attention, scaled_dot_product_attention

__all__ = ["dot_product_attention", "scaled_dot_product_attention"]
