"""Settings: frozen, typed, checked when they are made, written as TOML or JSON and read back."""

from spritelab.config.base import Settings, flatten
from spritelab.config.distilling import DistillSettings
from spritelab.config.features import FeatureName
from spritelab.config.files import PRESETS, parse_assignment, preset, read_settings
from spritelab.config.names import full_names
from spritelab.config.palettes import PaletteSource
from spritelab.config.reading import (
    HOW_READ,
    Anchor,
    Frames,
    Leftover,
    ReadingSettings,
    as_read_before,
    both,
)
from spritelab.config.sampler import (
    Interval,
    SamplerChanges,
    SamplerSettings,
    Variance,
    check_sampling,
)
from spritelab.config.settings import (
    LENGTHS,
    ContextUNetSettings,
    DataSettings,
    MixedPrecision,
    NetworkSettings,
    Prediction,
    Regression,
    RunSettings,
    ScheduleSettings,
    TrainingSettings,
    UNetSettings,
)
from spritelab.config.sheets import SheetFormat, SheetKeys
from spritelab.config.steps import Calibrated, FirstLeg, Sampler, Spacing

__all__ = [
    "Settings",
    "RunSettings",
    "DistillSettings",
    "DataSettings",
    "ReadingSettings",
    "HOW_READ",
    "as_read_before",
    "Anchor",
    "Frames",
    "Leftover",
    "both",
    "ScheduleSettings",
    "NetworkSettings",
    "ContextUNetSettings",
    "UNetSettings",
    "TrainingSettings",
    "SamplerSettings",
    "Calibrated",
    "FirstLeg",
    "Interval",
    "SamplerChanges",
    "check_sampling",
    "Sampler",
    "Variance",
    "Spacing",
    "FeatureName",
    "PaletteSource",
    "SheetFormat",
    "SheetKeys",
    "Prediction",
    "Regression",
    "MixedPrecision",
    "LENGTHS",
    "PRESETS",
    "preset",
    "read_settings",
    "parse_assignment",
    "flatten",
    "full_names",
]
