"""Shared bodies of the primitives an engine need not write: an override must agree with them, and is tested so."""
