"""Where two texts begin to differ; must not know what they are."""

from __future__ import annotations


def common_prefix(one: str, other: str) -> int:
    """Count the characters that both texts begin with."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
