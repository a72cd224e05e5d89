"""How good are the sprites, and are they new: features, measures and the check for copying."""
