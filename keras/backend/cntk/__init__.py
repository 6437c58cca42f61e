"""The cntk engine: Microsoft's CNTK 2.7 in this process, on a modern Python (docs/engines/cntk.md).

`python -m keras install cntk` (`install/`) fetches CNTK's libraries and compiles `native/` against them. Eager tensors hold
arrays; a primitive on them runs as a CNTK graph of one op, made once per signature. What a compiled function traces is
cut into stages (`program`): segments, each a static CNTK graph (`segment`, `lowering/`), and what CNTK does not have,
does wrong or does slowly, which runs on the host (`placement`).

Importing this package loads nothing: `keras.backend.cntk.engine` is the adapter.
"""
