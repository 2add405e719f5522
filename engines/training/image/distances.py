"""Figures computed from features: KID, retrieval through a ridge map, nearest neighbours."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]

RIDGE: Final = 0.3
"""Of the mean of the features' own variances."""
NEAR_PERCENTILE: Final = 1.0


def kid(ours: Matrix, real: Matrix) -> float:
    """Return the kernel distance of two sets of features, unbiased, 0 if they are alike.

    Binkowski et al. 2018, arXiv:1801.01401: the squared maximum mean
    discrepancy under the kernel (x.y / width + 1) ** 3.
    """
    width = ours.shape[1]

    def mean(one: Matrix, other: Matrix, *, same: bool) -> float:
        kernel = (one @ other.T / width + 1) ** 3
        if not same:
            return float(kernel.mean())
        return float((kernel.sum() - np.trace(kernel)) / (len(one) * (len(one) - 1)))

    across = mean(ours, real, same=False)
    return mean(ours, ours, same=True) + mean(real, real, same=True) - 2 * across


def _unit(rows: Matrix) -> Matrix:
    length: Matrix = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.maximum(length, 1e-12)


class Ridge:
    """A linear map from features to the meanings of captions, fitted on real pictures."""

    def __init__(self, features: Matrix, meanings: Matrix) -> None:
        self._centre, self._goal = features.mean(0), meanings.mean(0)
        known, wanted = features - self._centre, meanings - self._goal
        spread = known.T @ known
        strength = RIDGE * np.trace(spread) / len(spread)
        self._map = np.linalg.solve(spread + strength * np.eye(len(spread)), known.T @ wanted)

    def recall(self, features: Matrix, candidates: Matrix, right: list[int], most: int) -> float:
        """Return how often the right candidate is among the `most` nearest, by cosine."""
        guessed = _unit((features - self._centre) @ self._map)
        likeness = guessed @ _unit(candidates - self._goal).T
        rows = np.arange(len(features))
        own = likeness[rows, right][:, None]
        return float(((likeness > own).sum(1) < most).mean())


def nearest(features: Matrix, known: Matrix, chunk: int = 500) -> Matrix:
    """Return the distance of each row to its nearest row of `known`."""
    lengths = (known**2).sum(1)
    found = []
    for start in range(0, len(features), chunk):
        part = features[start : start + chunk]
        squares = (part**2).sum(1)[:, None] + lengths - 2 * part @ known.T
        found.append(np.sqrt(np.maximum(squares.min(1), 0)))
    return np.concatenate(found)


def copied_share(ours: Matrix, held: Matrix, known: Matrix) -> float:
    """Return the share of `ours` nearer to a training picture than held-out ones ever are.

    "Ever" is the first percentile of the held-out pictures' own distances.
    """
    limit = np.percentile(nearest(held, known), NEAR_PERCENTILE)
    return float((nearest(ours, known) < limit).mean())
