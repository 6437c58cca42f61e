"""Attention layers: multi-head, grouped-query, and the classic dot-product and additive ones."""

from keras.layers.attention.dot import AdditiveAttention, Attention
from keras.layers.attention.grouped_query import GroupQueryAttention
from keras.layers.attention.multi_head import MultiHeadAttention

__all__ = [
    "AdditiveAttention",
    "Attention",
    "GroupQueryAttention",
    "MultiHeadAttention",
]
