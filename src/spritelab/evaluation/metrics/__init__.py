"""The measures themselves: functions of features or of pixels, written beside their papers."""

from spritelab.evaluation.metrics.copies import Copies, find_copies, nearest_pairs
from spritelab.evaluation.metrics.frechet import frechet_distance
from spritelab.evaluation.metrics.kid import KernelBlocks, kernel_distance
from spritelab.evaluation.metrics.memorisation import (
    authentic,
    authentic_share,
    copying_score,
    mann_whitney_z,
)
from spritelab.evaluation.metrics.moments import Moments, frechet_distance_of_moments
from spritelab.evaluation.metrics.near_copies import NEAR, edge_distances, pixel_distances
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
from spritelab.evaluation.metrics.two_sample import classifier_two_sample_test

__all__ = [
    "frechet_distance",
    "kernel_distance",
    "KernelBlocks",
    "Moments",
    "frechet_distance_of_moments",
    "NeighbourMeasures",
    "neighbour_measures",
    "neighbour_measures_from_distances",
    "distances",
    "nearest_other",
    "Copies",
    "find_copies",
    "nearest_pairs",
    "NEAR",
    "pixel_distances",
    "edge_distances",
    "authentic",
    "authentic_share",
    "copying_score",
    "mann_whitney_z",
    "classifier_two_sample_test",
    "pixel_statistics",
    "partly_transparent_share",
    "stray_pixels",
]
