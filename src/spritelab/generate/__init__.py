"""From a trained model and seeds to sprites: the one façade that everything else calls."""

from spritelab.generate.batch import SpriteBatch, Steered
from spritelab.generate.building import make_network
from spritelab.generate.calibration import calibrate, save_calibrated
from spritelab.generate.folder import (
    find_model,
    load_model_files,
    read_config,
    save_config,
    save_model,
    shipped_models,
)
from spritelab.generate.identity import model_identity
from spritelab.generate.model import BATCHING_TOLERANCE, Model, load_model, without_guide
from spritelab.generate.model_config import Distilled, ModelConfig, Parent, TrainedOn
from spritelab.generate.moments import training_moments
from spritelab.generate.palettes import TrainingPalettes
from spritelab.generate.parent import load_parent, parent_of, read_parent, weights_hash
from spritelab.generate.request import NO_CLASS, Label, Request
from spritelab.generate.shards import Joined, Shard, draw_shard, join_shards, merge_shards
from spritelab.generate.steering import Inversion, Sprites, Steering
from spritelab.generate.students import agreement
from spritelab.generate.trace import Frame, Trace

__all__ = [
    "Model",
    "load_model",
    "without_guide",
    "shipped_models",
    "find_model",
    "ModelConfig",
    "TrainedOn",
    "Parent",
    "Distilled",
    "agreement",
    "make_network",
    "save_model",
    "save_config",
    "load_model_files",
    "read_config",
    "load_parent",
    "read_parent",
    "parent_of",
    "weights_hash",
    "model_identity",
    "Shard",
    "Joined",
    "join_shards",
    "draw_shard",
    "merge_shards",
    "SpriteBatch",
    "Steered",
    "Steering",
    "Inversion",
    "Sprites",
    "Trace",
    "Frame",
    "TrainingPalettes",
    "training_moments",
    "calibrate",
    "save_calibrated",
    "Request",
    "Label",
    "NO_CLASS",
    "BATCHING_TOLERANCE",
]
