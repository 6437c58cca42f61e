"""Ops of `keras.ops.numpy`: those that NumPy has, with its names and meanings."""

from keras.ops.control import vectorize as vectorize
from keras.ops.core import (
    ndim as ndim,
)
from keras.ops.core import (
    size as size,
)
from keras.ops.core import (
    view as view,
)
from keras.ops.numpy.arithmetic import (
    add as add,
)
from keras.ops.numpy.arithmetic import (
    arctan2 as arctan2,
)
from keras.ops.numpy.arithmetic import (
    bitwise_and as bitwise_and,
)
from keras.ops.numpy.arithmetic import (
    bitwise_invert as bitwise_invert,
)
from keras.ops.numpy.arithmetic import (
    bitwise_left_shift as bitwise_left_shift,
)
from keras.ops.numpy.arithmetic import (
    bitwise_not as bitwise_not,
)
from keras.ops.numpy.arithmetic import (
    bitwise_or as bitwise_or,
)
from keras.ops.numpy.arithmetic import (
    bitwise_right_shift as bitwise_right_shift,
)
from keras.ops.numpy.arithmetic import (
    bitwise_xor as bitwise_xor,
)
from keras.ops.numpy.arithmetic import (
    clip as clip,
)
from keras.ops.numpy.arithmetic import (
    divide as divide,
)
from keras.ops.numpy.arithmetic import (
    divide_no_nan as divide_no_nan,
)
from keras.ops.numpy.arithmetic import (
    floor_divide as floor_divide,
)
from keras.ops.numpy.arithmetic import (
    fmax as fmax,
)
from keras.ops.numpy.arithmetic import (
    fmin as fmin,
)
from keras.ops.numpy.arithmetic import (
    fmod as fmod,
)
from keras.ops.numpy.arithmetic import (
    gcd as gcd,
)
from keras.ops.numpy.arithmetic import (
    heaviside as heaviside,
)
from keras.ops.numpy.arithmetic import (
    hypot as hypot,
)
from keras.ops.numpy.arithmetic import (
    lcm as lcm,
)
from keras.ops.numpy.arithmetic import (
    ldexp as ldexp,
)
from keras.ops.numpy.arithmetic import (
    left_shift as left_shift,
)
from keras.ops.numpy.arithmetic import (
    logaddexp as logaddexp,
)
from keras.ops.numpy.arithmetic import (
    logaddexp2 as logaddexp2,
)
from keras.ops.numpy.arithmetic import (
    maximum as maximum,
)
from keras.ops.numpy.arithmetic import (
    minimum as minimum,
)
from keras.ops.numpy.arithmetic import (
    mod as mod,
)
from keras.ops.numpy.arithmetic import (
    multiply as multiply,
)
from keras.ops.numpy.arithmetic import (
    nextafter as nextafter,
)
from keras.ops.numpy.arithmetic import (
    power as power,
)
from keras.ops.numpy.arithmetic import (
    right_shift as right_shift,
)
from keras.ops.numpy.arithmetic import (
    subtract as subtract,
)
from keras.ops.numpy.arithmetic import (
    true_divide as true_divide,
)
from keras.ops.numpy.creation import (
    arange as arange,
)
from keras.ops.numpy.creation import (
    array as array,
)
from keras.ops.numpy.creation import (
    copy as copy,
)
from keras.ops.numpy.creation import (
    empty as empty,
)
from keras.ops.numpy.creation import (
    empty_like as empty_like,
)
from keras.ops.numpy.creation import (
    eye as eye,
)
from keras.ops.numpy.creation import (
    full as full,
)
from keras.ops.numpy.creation import (
    full_like as full_like,
)
from keras.ops.numpy.creation import (
    geomspace as geomspace,
)
from keras.ops.numpy.creation import (
    identity as identity,
)
from keras.ops.numpy.creation import (
    linspace as linspace,
)
from keras.ops.numpy.creation import (
    logspace as logspace,
)
from keras.ops.numpy.creation import (
    ones as ones,
)
from keras.ops.numpy.creation import (
    ones_like as ones_like,
)
from keras.ops.numpy.creation import (
    tri as tri,
)
from keras.ops.numpy.creation import (
    vander as vander,
)
from keras.ops.numpy.creation import (
    zeros as zeros,
)
from keras.ops.numpy.creation import (
    zeros_like as zeros_like,
)
from keras.ops.numpy.einsum import einsum as einsum
from keras.ops.numpy.elementwise import (
    abs as abs,
)
from keras.ops.numpy.elementwise import (
    absolute as absolute,
)
from keras.ops.numpy.elementwise import (
    angle as angle,
)
from keras.ops.numpy.elementwise import (
    arccos as arccos,
)
from keras.ops.numpy.elementwise import (
    arccosh as arccosh,
)
from keras.ops.numpy.elementwise import (
    arcsin as arcsin,
)
from keras.ops.numpy.elementwise import (
    arcsinh as arcsinh,
)
from keras.ops.numpy.elementwise import (
    arctan as arctan,
)
from keras.ops.numpy.elementwise import (
    arctanh as arctanh,
)
from keras.ops.numpy.elementwise import (
    cbrt as cbrt,
)
from keras.ops.numpy.elementwise import (
    ceil as ceil,
)
from keras.ops.numpy.elementwise import (
    conj as conj,
)
from keras.ops.numpy.elementwise import (
    conjugate as conjugate,
)
from keras.ops.numpy.elementwise import (
    cos as cos,
)
from keras.ops.numpy.elementwise import (
    cosh as cosh,
)
from keras.ops.numpy.elementwise import (
    deg2rad as deg2rad,
)
from keras.ops.numpy.elementwise import (
    exp as exp,
)
from keras.ops.numpy.elementwise import (
    exp2 as exp2,
)
from keras.ops.numpy.elementwise import (
    expm1 as expm1,
)
from keras.ops.numpy.elementwise import (
    fabs as fabs,
)
from keras.ops.numpy.elementwise import (
    floor as floor,
)
from keras.ops.numpy.elementwise import (
    i0 as i0,
)
from keras.ops.numpy.elementwise import (
    imag as imag,
)
from keras.ops.numpy.elementwise import (
    log as log,
)
from keras.ops.numpy.elementwise import (
    log1p as log1p,
)
from keras.ops.numpy.elementwise import (
    log2 as log2,
)
from keras.ops.numpy.elementwise import (
    log10 as log10,
)
from keras.ops.numpy.elementwise import (
    nan_to_num as nan_to_num,
)
from keras.ops.numpy.elementwise import (
    negative as negative,
)
from keras.ops.numpy.elementwise import (
    rad2deg as rad2deg,
)
from keras.ops.numpy.elementwise import (
    real as real,
)
from keras.ops.numpy.elementwise import (
    reciprocal as reciprocal,
)
from keras.ops.numpy.elementwise import (
    round as round,
)
from keras.ops.numpy.elementwise import (
    sign as sign,
)
from keras.ops.numpy.elementwise import (
    signbit as signbit,
)
from keras.ops.numpy.elementwise import (
    sin as sin,
)
from keras.ops.numpy.elementwise import (
    sinc as sinc,
)
from keras.ops.numpy.elementwise import (
    sinh as sinh,
)
from keras.ops.numpy.elementwise import (
    sqrt as sqrt,
)
from keras.ops.numpy.elementwise import (
    square as square,
)
from keras.ops.numpy.elementwise import (
    tan as tan,
)
from keras.ops.numpy.elementwise import (
    tanh as tanh,
)
from keras.ops.numpy.elementwise import (
    trunc as trunc,
)
from keras.ops.numpy.indexing import (
    argpartition as argpartition,
)
from keras.ops.numpy.indexing import (
    argsort as argsort,
)
from keras.ops.numpy.indexing import (
    digitize as digitize,
)
from keras.ops.numpy.indexing import (
    get_item as get_item,
)
from keras.ops.numpy.indexing import (
    nonzero as nonzero,
)
from keras.ops.numpy.indexing import (
    searchsorted as searchsorted,
)
from keras.ops.numpy.indexing import (
    sort as sort,
)
from keras.ops.numpy.indexing import (
    take as take,
)
from keras.ops.numpy.indexing import (
    take_along_axis as take_along_axis,
)
from keras.ops.numpy.indexing import (
    unique as unique,
)
from keras.ops.numpy.indexing import (
    unravel_index as unravel_index,
)
from keras.ops.numpy.joining import (
    append as append,
)
from keras.ops.numpy.joining import (
    array_split as array_split,
)
from keras.ops.numpy.joining import (
    concatenate as concatenate,
)
from keras.ops.numpy.joining import (
    dsplit as dsplit,
)
from keras.ops.numpy.joining import (
    dstack as dstack,
)
from keras.ops.numpy.joining import (
    hsplit as hsplit,
)
from keras.ops.numpy.joining import (
    hstack as hstack,
)
from keras.ops.numpy.joining import (
    meshgrid as meshgrid,
)
from keras.ops.numpy.joining import (
    repeat as repeat,
)
from keras.ops.numpy.joining import (
    split as split,
)
from keras.ops.numpy.joining import (
    stack as stack,
)
from keras.ops.numpy.joining import (
    tile as tile,
)
from keras.ops.numpy.joining import (
    vsplit as vsplit,
)
from keras.ops.numpy.joining import (
    vstack as vstack,
)
from keras.ops.numpy.logic import (
    allclose as allclose,
)
from keras.ops.numpy.logic import (
    equal as equal,
)
from keras.ops.numpy.logic import (
    greater as greater,
)
from keras.ops.numpy.logic import (
    greater_equal as greater_equal,
)
from keras.ops.numpy.logic import (
    isclose as isclose,
)
from keras.ops.numpy.logic import (
    isfinite as isfinite,
)
from keras.ops.numpy.logic import (
    isin as isin,
)
from keras.ops.numpy.logic import (
    isinf as isinf,
)
from keras.ops.numpy.logic import (
    isnan as isnan,
)
from keras.ops.numpy.logic import (
    isneginf as isneginf,
)
from keras.ops.numpy.logic import (
    isposinf as isposinf,
)
from keras.ops.numpy.logic import (
    isreal as isreal,
)
from keras.ops.numpy.logic import (
    less as less,
)
from keras.ops.numpy.logic import (
    less_equal as less_equal,
)
from keras.ops.numpy.logic import (
    logical_and as logical_and,
)
from keras.ops.numpy.logic import (
    logical_not as logical_not,
)
from keras.ops.numpy.logic import (
    logical_or as logical_or,
)
from keras.ops.numpy.logic import (
    logical_xor as logical_xor,
)
from keras.ops.numpy.logic import (
    not_equal as not_equal,
)
from keras.ops.numpy.logic import (
    select as select,
)
from keras.ops.numpy.logic import (
    where as where,
)
from keras.ops.numpy.matrices import (
    cross as cross,
)
from keras.ops.numpy.matrices import (
    diag as diag,
)
from keras.ops.numpy.matrices import (
    diagflat as diagflat,
)
from keras.ops.numpy.matrices import (
    diagonal as diagonal,
)
from keras.ops.numpy.matrices import (
    dot as dot,
)
from keras.ops.numpy.matrices import (
    inner as inner,
)
from keras.ops.numpy.matrices import (
    kron as kron,
)
from keras.ops.numpy.matrices import (
    matmul as matmul,
)
from keras.ops.numpy.matrices import (
    outer as outer,
)
from keras.ops.numpy.matrices import (
    tensordot as tensordot,
)
from keras.ops.numpy.matrices import (
    trace as trace,
)
from keras.ops.numpy.matrices import (
    tril as tril,
)
from keras.ops.numpy.matrices import (
    triu as triu,
)
from keras.ops.numpy.matrices import (
    vdot as vdot,
)
from keras.ops.numpy.nan import (
    nanargmax as nanargmax,
)
from keras.ops.numpy.nan import (
    nanargmin as nanargmin,
)
from keras.ops.numpy.nan import (
    nancumprod as nancumprod,
)
from keras.ops.numpy.nan import (
    nancumsum as nancumsum,
)
from keras.ops.numpy.nan import (
    nanmax as nanmax,
)
from keras.ops.numpy.nan import (
    nanmean as nanmean,
)
from keras.ops.numpy.nan import (
    nanmedian as nanmedian,
)
from keras.ops.numpy.nan import (
    nanmin as nanmin,
)
from keras.ops.numpy.nan import (
    nanpercentile as nanpercentile,
)
from keras.ops.numpy.nan import (
    nanprod as nanprod,
)
from keras.ops.numpy.nan import (
    nanquantile as nanquantile,
)
from keras.ops.numpy.nan import (
    nanstd as nanstd,
)
from keras.ops.numpy.nan import (
    nansum as nansum,
)
from keras.ops.numpy.nan import (
    nanvar as nanvar,
)
from keras.ops.numpy.padding import pad as pad
from keras.ops.numpy.reduction import (
    all as all,
)
from keras.ops.numpy.reduction import (
    amax as amax,
)
from keras.ops.numpy.reduction import (
    amin as amin,
)
from keras.ops.numpy.reduction import (
    any as any,
)
from keras.ops.numpy.reduction import (
    argmax as argmax,
)
from keras.ops.numpy.reduction import (
    argmin as argmin,
)
from keras.ops.numpy.reduction import (
    count_nonzero as count_nonzero,
)
from keras.ops.numpy.reduction import (
    cumprod as cumprod,
)
from keras.ops.numpy.reduction import (
    cumsum as cumsum,
)
from keras.ops.numpy.reduction import (
    max as max,
)
from keras.ops.numpy.reduction import (
    min as min,
)
from keras.ops.numpy.reduction import (
    prod as prod,
)
from keras.ops.numpy.reduction import (
    ptp as ptp,
)
from keras.ops.numpy.reduction import (
    sum as sum,
)
from keras.ops.numpy.shaping import (
    broadcast_to as broadcast_to,
)
from keras.ops.numpy.shaping import (
    expand_dims as expand_dims,
)
from keras.ops.numpy.shaping import (
    flip as flip,
)
from keras.ops.numpy.shaping import (
    fliplr as fliplr,
)
from keras.ops.numpy.shaping import (
    flipud as flipud,
)
from keras.ops.numpy.shaping import (
    moveaxis as moveaxis,
)
from keras.ops.numpy.shaping import (
    ravel as ravel,
)
from keras.ops.numpy.shaping import (
    reshape as reshape,
)
from keras.ops.numpy.shaping import (
    roll as roll,
)
from keras.ops.numpy.shaping import (
    rot90 as rot90,
)
from keras.ops.numpy.shaping import (
    squeeze as squeeze,
)
from keras.ops.numpy.shaping import (
    swapaxes as swapaxes,
)
from keras.ops.numpy.shaping import (
    transpose as transpose,
)
from keras.ops.numpy.statistics import (
    average as average,
)
from keras.ops.numpy.statistics import (
    bincount as bincount,
)
from keras.ops.numpy.statistics import (
    corrcoef as corrcoef,
)
from keras.ops.numpy.statistics import (
    correlate as correlate,
)
from keras.ops.numpy.statistics import (
    diff as diff,
)
from keras.ops.numpy.statistics import (
    histogram as histogram,
)
from keras.ops.numpy.statistics import (
    mean as mean,
)
from keras.ops.numpy.statistics import (
    median as median,
)
from keras.ops.numpy.statistics import (
    percentile as percentile,
)
from keras.ops.numpy.statistics import (
    quantile as quantile,
)
from keras.ops.numpy.statistics import (
    std as std,
)
from keras.ops.numpy.statistics import (
    trapezoid as trapezoid,
)
from keras.ops.numpy.statistics import (
    var as var,
)
from keras.ops.numpy.windows import (
    bartlett as bartlett,
)
from keras.ops.numpy.windows import (
    blackman as blackman,
)
from keras.ops.numpy.windows import (
    hamming as hamming,
)
from keras.ops.numpy.windows import (
    hanning as hanning,
)
from keras.ops.numpy.windows import (
    kaiser as kaiser,
)
