"""DDPM against DDIM: a grid of settings on the same weights and noise, and the report of it."""
