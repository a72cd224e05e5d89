"""The measures themselves: functions of features or of pixels, written beside their papers."""

from spritelab.evaluation.metrics.copies import Copies, find_copies, nearest_pairs
from spritelab.evaluation.metrics.frechet import frechet_distance
from spritelab.evaluation.metrics.kid import kernel_distance
from spritelab.evaluation.metrics.memorisation import (
    authentic,
    authentic_share,
    copying_score,
    mann_whitney_z,
)
from spritelab.evaluation.metrics.neighbours import (
    NeighbourMeasures,
    distances,
    nearest_other,
    neighbour_measures,
    neighbour_measures_from_distances,
)
from spritelab.evaluation.metrics.pixel_art import (
    partly_transparent_share,
    pixel_statistics,
    stray_pixels,
)

__all__ = [
    "frechet_distance",
    "kernel_distance",
    "NeighbourMeasures",
    "neighbour_measures",
    "neighbour_measures_from_distances",
    "distances",
    "nearest_other",
    "Copies",
    "find_copies",
    "nearest_pairs",
    "authentic",
    "authentic_share",
    "copying_score",
    "mann_whitney_z",
    "pixel_statistics",
    "partly_transparent_share",
    "stray_pixels",
]
