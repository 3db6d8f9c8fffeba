"""Datasets, augmentations and corruptions as batched tensor functions."""
