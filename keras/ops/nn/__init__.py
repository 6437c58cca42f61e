"""Ops of neural networks: activations, convolution, pooling, normalisation, cross-entropies, attention."""

from keras.ops.nn.activations import (
    celu as celu,
)
from keras.ops.nn.activations import (
    elu as elu,
)
from keras.ops.nn.activations import (
    gelu as gelu,
)
from keras.ops.nn.activations import (
    glu as glu,
)
from keras.ops.nn.activations import (
    hard_shrink as hard_shrink,
)
from keras.ops.nn.activations import (
    hard_sigmoid as hard_sigmoid,
)
from keras.ops.nn.activations import (
    hard_silu as hard_silu,
)
from keras.ops.nn.activations import (
    hard_swish as hard_swish,
)
from keras.ops.nn.activations import (
    hard_tanh as hard_tanh,
)
from keras.ops.nn.activations import (
    leaky_relu as leaky_relu,
)
from keras.ops.nn.activations import (
    log_sigmoid as log_sigmoid,
)
from keras.ops.nn.activations import (
    log_softmax as log_softmax,
)
from keras.ops.nn.activations import (
    relu as relu,
)
from keras.ops.nn.activations import (
    relu6 as relu6,
)
from keras.ops.nn.activations import (
    selu as selu,
)
from keras.ops.nn.activations import (
    sigmoid as sigmoid,
)
from keras.ops.nn.activations import (
    silu as silu,
)
from keras.ops.nn.activations import (
    soft_shrink as soft_shrink,
)
from keras.ops.nn.activations import (
    softmax as softmax,
)
from keras.ops.nn.activations import (
    softplus as softplus,
)
from keras.ops.nn.activations import (
    softsign as softsign,
)
from keras.ops.nn.activations import (
    sparse_plus as sparse_plus,
)
from keras.ops.nn.activations import (
    sparse_sigmoid as sparse_sigmoid,
)
from keras.ops.nn.activations import (
    sparsemax as sparsemax,
)
from keras.ops.nn.activations import (
    squareplus as squareplus,
)
from keras.ops.nn.activations import (
    swish as swish,
)
from keras.ops.nn.activations import (
    tanh_shrink as tanh_shrink,
)
from keras.ops.nn.activations import (
    threshold as threshold,
)
from keras.ops.nn.attention import dot_product_attention as dot_product_attention
from keras.ops.nn.convolution import (
    conv as conv,
)
from keras.ops.nn.convolution import (
    conv_transpose as conv_transpose,
)
from keras.ops.nn.convolution import (
    depthwise_conv as depthwise_conv,
)
from keras.ops.nn.convolution import (
    separable_conv as separable_conv,
)
from keras.ops.nn.crossentropy import (
    binary_crossentropy as binary_crossentropy,
)
from keras.ops.nn.crossentropy import (
    categorical_crossentropy as categorical_crossentropy,
)
from keras.ops.nn.crossentropy import (
    sparse_categorical_crossentropy as sparse_categorical_crossentropy,
)
from keras.ops.nn.ctc import ctc_decode as ctc_decode
from keras.ops.nn.ctc import ctc_loss as ctc_loss
from keras.ops.nn.encoding import multi_hot as multi_hot
from keras.ops.nn.encoding import one_hot as one_hot
from keras.ops.nn.images import (
    depth_to_space as depth_to_space,
)
from keras.ops.nn.images import (
    fold as fold,
)
from keras.ops.nn.images import (
    polar as polar,
)
from keras.ops.nn.images import (
    psnr as psnr,
)
from keras.ops.nn.images import (
    space_to_depth as space_to_depth,
)
from keras.ops.nn.images import (
    unfold as unfold,
)
from keras.ops.nn.normalization import (
    batch_normalization as batch_normalization,
)
from keras.ops.nn.normalization import (
    layer_normalization as layer_normalization,
)
from keras.ops.nn.normalization import (
    moments as moments,
)
from keras.ops.nn.normalization import (
    normalize as normalize,
)
from keras.ops.nn.normalization import (
    rms_normalization as rms_normalization,
)
from keras.ops.nn.pooling import (
    adaptive_average_pool as adaptive_average_pool,
)
from keras.ops.nn.pooling import (
    adaptive_max_pool as adaptive_max_pool,
)
from keras.ops.nn.pooling import (
    average_pool as average_pool,
)
from keras.ops.nn.pooling import (
    max_pool as max_pool,
)
