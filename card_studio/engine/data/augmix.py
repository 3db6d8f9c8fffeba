"""AugMix on a batch: every image draws its own chains, depths, operations, levels and weights (METHODS 3)."""
