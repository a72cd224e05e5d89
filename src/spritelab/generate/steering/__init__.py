"""Steering: sprites between others, from others, and around others."""

from spritelab.generate.steering.given import Sprites
from spritelab.generate.steering.inversion import Inversion
from spritelab.generate.steering.methods import Steering

__all__ = ["Steering", "Inversion", "Sprites"]
