"""Training: `compile`, `fit`, `evaluate` and `predict`, one engine-blind loop over steps that the engine compiles."""
