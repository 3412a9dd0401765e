"""Audio of a rendition against the source's: it is passed through, so packets must be equal.

Source: verification spec, sections 4.3 and 5 (step 2), with LPMS's tolerance of ten packets.
"""

from __future__ import annotations

from collections.abc import Sequence


def mismatches(source: Sequence[bytes], delivered: Sequence[bytes], *, limit: int) -> int:
    """Packets missing or added, whichever is more, with the order of the others kept.

    Both are payload hashes in order. Stops counting above `limit`: any answer greater than `limit`
    only says "more". A source whose every packet is gone always exceeds it, however few it has.
    """
    if not source and not delivered:
        return 0
    if source and not set(source) & set(delivered):
        return max(len(source), len(delivered), limit + 1)
    return _missing_or_added(source, delivered, limit)


def _missing_or_added(source: Sequence[bytes], delivered: Sequence[bytes], limit: int) -> int:
    """Longest common subsequence in a band: a match further off than `limit` cannot help."""
    longer = max(len(source), len(delivered))
    if abs(len(source) - len(delivered)) > limit:
        return max(longer - min(len(source), len(delivered)), limit + 1)
    width = 2 * limit + 1
    # row[b] is the common length of source[:i] and delivered[:i + b - limit].
    row = [0] * (width + 1)
    for i, packet in enumerate(source, start=1):
        before, row = row, [0] * (width + 1)
        for b in range(width):
            j = i + b - limit
            if not 1 <= j <= len(delivered):
                continue
            if delivered[j - 1] == packet:
                row[b] = before[b] + 1
            else:
                row[b] = max(before[b + 1], row[b - 1] if b else 0)
    common = row[len(delivered) - len(source) + limit]
    return longer - common
