"""The quality of sprites: after minutes of training, in few steps, by the notebook's recipe."""
