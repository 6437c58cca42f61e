"""Where an op deliberately differs from Keras 3.15.1 on TensorFlow: the reason, and the ids of the derived cases.

The tests want each of them to differ, so that none stays here longer than it is true.
"""

DEVIATIONS = {
    "float64 is worked in as float64; Keras takes the constants, or all of it, in float32": """
        quantile-float64 percentile-float64 stft-float64 istft-float64
        ctc_loss-float64 image.scale_and_translate-float64
        """,
    "a Python float among the choices is weak; Keras makes it float64": """
        select-bool select-uint8 select-int32 select-int64 select-bfloat16
        """,
    "a bound that the dtype cannot hold is no bound; Keras lets it wrap around": "clip-uint8",
    "integers give floats (`floatx`); Keras rounds the result back to integers": """
        moments-int32 moments-int64 layer_normalization-bool layer_normalization-uint8 layer_normalization-int32
        layer_normalization-int64 rms_normalization-bool rms_normalization-uint8 rms_normalization-int32
        rms_normalization-int64 dot_product_attention-int32 dot_product_attention-int64 image.ssim-bool
        image.ssim-uint8 image.ssim-int32 image.ssim-int64
        """,
    "NumPy's numbers; Keras works in the integers": """
        histogram-uint8 histogram-int32 histogram-int64 corrcoef-int64 psnr-uint8 psnr-int32 psnr-int64
        """,
    "NumPy's borders where all elements are equal, or there are none": "histogram-size_0 histogram-size_1",
    "NumPy has no histogram of these; here they are counted in no bin of their own": """
        histogram-nan histogram-inf
        """,
    "NumPy's answer to NaN and infinity": """
        angle-nan view_as_complex-inf isclose-inf heaviside-nan nextafter-inf median-inf argmax-nan argmin-nan
        linspace-nan linspace-inf sort-nan argsort-nan rfft-inf
        """,
    "NaN reaches the result wherever it is in the window": "adaptive_max_pool-nan",
    "a sample that is not finite costs no other sample its loss": "ctc_loss-inf",
    "patches are copied; Keras multiplies by ones and zeros, and 0 times NaN is NaN": """
        image.extract_patches-nan image.extract_patches-inf image.extract_patches_3d-nan image.extract_patches_3d-inf
        """,
    "halves between two pixels go the other way": """
        image.perspective_transform-uint8 image.perspective_transform-int32 image.perspective_transform-int64
        """,
    "only the pixel that is not finite is lost": "image.rgb_to_hsv-nan image.hsv_to_rgb-inf",
}

#: Compared with nothing: engines differ (whether a maximum over windows or segments shows NaN, or a softmax all along its
#: row, which depends on the processor, but see test_references.py; inf // x, inf - inf, what their own operators make of a
#: bool), or an engine says in its own words what the values forbid (a matrix of NaN, an index out of range).
UNSTABLE = """
    softmax-nan softmax-inf max_pool-nan segment_max-nan segment_min-nan floor_divide-inf fft2-inf ifft2-inf
    lu_factor-inf logdet-inf
    associative_scan-inf switch-bool map-bool scan-bool associative_scan-bool
    inv-nan solve-nan image.perspective_transform-bool image.map_coordinates-size_0 scatter_update-size_1
    """


def ids(text: str) -> frozenset[str]:
    return frozenset(text.split())


DIFFERENT = ids(" ".join(DEVIATIONS.values()))
SKIPPED = ids(UNSTABLE)
