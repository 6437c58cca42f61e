"""How Keras 3 names the ops in a functional model's config: module, class, call arguments; settings.

`Mean(x;axis,keepdims)` in the group `numpy` reads: class `Mean` of `keras.src.ops.numpy`, called with `x`, whose config
holds `axis` and `keepdims`. Written by tests/golden/make_op_classes.py; a fact of the file format, not an API.
"""

OP_CLASSES = {
    "core": """
        Scatter(indices,values;shape) ScatterUpdate(inputs,indices,updates;reduction) Slice(inputs,start_indices;shape)
        SliceUpdate(inputs,start_indices,updates) StopGradient(variable) Unstack(x;num,axis) Cast(x;dtype)
        SaturateCast(x;dtype) ConvertToTensor(x;dtype,sparse,ragged)
    """,
    "image": """
        RGBToGrayscale(images;data_format) RGBToHSV(images;data_format) HSVToRGB(images;data_format)
        Resize(images;size,interpolation,antialias,crop_to_aspect_ratio,pad_to_aspect_ratio,fill_mode,fill_value,data_format)
        AffineTransform(images,transform;interpolation,fill_mode,fill_value,data_format)
        ExtractPatches(images;size,strides,dilation_rate,padding,data_format)
        MapCoordinates(inputs,coordinates;order,fill_mode,fill_value)
        PadImages(images;top_padding,left_padding,bottom_padding,right_padding,target_height,target_width,data_format)
        CropImages(images;top_cropping,left_cropping,bottom_cropping,right_cropping,target_height,target_width,data_format)
        PerspectiveTransform(images,start_points,end_points;interpolation,fill_value,data_format)
        GaussianBlur(images;kernel_size,sigma,data_format)
        ElasticTransform(images;alpha,sigma,interpolation,fill_mode,fill_value,seed,data_format)
        ScaleAndTranslate(images,output_shape,scale,translation;spatial_dims,method,antialias)
        SobelEdges(images;data_format) SSIM(image1,image2;max_val,filter_size,filter_sigma,k1,k2,data_format)
    """,
    "linalg": """
        Cholesky(x;upper) CholeskyInverse(x;upper) Det(x) Eig(x) Eigh(x) Inv(x) LuFactor(x) Norm(x;ord,axis,keepdims)
        Qr(x;mode) Solve(a,b) SolveTriangular(a,b;lower) SVD(x;full_matrices,compute_uv) Lstsq(a,b;rcond)
        MatrixRank(x;tol) Pinv(x;rcond)
    """,
    "math": """
        SegmentSum(data,segment_ids;num_segments,sorted) SegmentMax(data,segment_ids;num_segments,sorted)
        SegmentMin(data,segment_ids;num_segments,sorted) SegmentProd(data,segment_ids;num_segments,sorted)
        TopK(x;k,sorted) InTopK(targets,predictions;k) Logsumexp(x;axis,keepdims) CDist(x,y)
        ExtractSequences(x;sequence_length,sequence_stride) FFT(x) FFT2(x) IFFT2(x) RFFT(x;fft_length) IRFFT(x;fft_length)
        STFT(x;sequence_length,sequence_stride,fft_length,window,center)
        ISTFT(x;sequence_length,sequence_stride,fft_length,length,window,center) Rsqrt(x) Erf(x) Erfc(x) Erfinv(x)
        Logdet(x) ViewAsComplex(x) ViewAsReal(x)
    """,
    "nn": """
        Relu(x) Relu6(x) Sigmoid(x) SparseSigmoid(x) Softplus(x) Softsign(x) SoftShrink(x;threshold) SparsePlus(x) Silu(x)
        Squareplus(x;b) LogSigmoid(x) LeakyRelu(x;negative_slope) HardSigmoid(x) HardSilu(x) Elu(x;alpha) Selu(x)
        Gelu(x;approximate) Celu(x;alpha) Glu(x;axis) TanhShrink(x) HardTanh(x) HardShrink(x;threshold)
        Threshold(x;threshold,default_value) Softmax(x;axis) LogSoftmax(x;axis) Sparsemax(x;axis)
        MaxPool(inputs;pool_size,strides,padding,data_format) AdaptiveMaxPool(inputs;output_size,data_format)
        AveragePool(inputs;pool_size,strides,padding,data_format) AdaptiveAveragePool(inputs;output_size,data_format)
        Conv(inputs,kernel;strides,padding,data_format,dilation_rate)
        DepthwiseConv(inputs,kernel;strides,padding,data_format,dilation_rate)
        SeparableConv(inputs,depthwise_kernel,pointwise_kernel;strides,padding,data_format,dilation_rate)
        ConvTranspose(inputs,kernel;strides,padding,output_padding,data_format,dilation_rate)
        OneHot(x;num_classes,axis,dtype,sparse) BinaryCrossentropy(target,output;from_logits)
        CategoricalCrossentropy(target,output;from_logits,axis)
        SparseCategoricalCrossentropy(target,output;from_logits,axis)
        MultiHot(inputs;num_classes,axis,dtype,sparse,kwargs) Moments(x;axes,keepdims,synchronized)
        BatchNorm(x,mean,variance,offset,scale;axis,epsilon) CTCLoss(target,output,target_length,output_length;mask_index)
        CTCDecode(inputs,sequence_lengths;strategy,beam_width,top_paths,merge_repeated,mask_index)
        Normalize(x;axis,order,epsilon) PSNR(x1,x2;max_val)
        DotProductAttention(query,key,value,bias,mask,scale;is_causal,flash_attention,attn_logits_soft_cap)
        RMSNorm(x,scale;axis,epsilon) LayerNorm(x,gamma,beta;axis,epsilon,rms_scaling) Polar(abs_,angle)
        Unfold(x;kernel_size,dilation,padding,stride) Fold(x;output_size,kernel_size,dilation,padding,stride)
        DepthToSpace(x;block_size,data_format) SpaceToDepth(x;block_size,data_format)
    """,
    "numpy": """
        Rot90(array;k,axes) Absolute(x) Abs(x) Fabs(x) Add(x1,x2) All(x;axis,keepdims) AllClose(x1,x2;rtol,atol,equal_nan)
        Angle(x) Any(x;axis,keepdims) Amax(x;axis,keepdims) Amin(x;axis,keepdims) Append(x1,x2;axis)
        Arange(start,stop,step;dtype) Arccos(x) Arccosh(x) Arcsin(x) Arcsinh(x) Arctan(x) Arctan2(x1,x2) Arctanh(x)
        Argmax(x;axis,keepdims) Argmin(x;axis,keepdims) Argsort(x;axis) Array(x;dtype) View(x;dtype)
        Average(x,weights;axis) Heaviside(x1,x2) Bincount(x;weights,minlength,sparse) BitwiseAnd(x,y) BitwiseInvert(x)
        BitwiseNot(x) BitwiseOr(x,y) BitwiseXor(x,y) BitwiseLeftShift(x,y) LeftShift(x,y) BitwiseRightShift(x,y)
        RightShift(x,y) BroadcastTo(x;shape) Cbrt(x) Ceil(x) Clip(x;x_min,x_max) Concatenate(xs;axis) Conjugate(x) Conj(x)
        Copy(x) Cos(x) Cosh(x) CountNonzero(x;axis) Cross(x1,x2;axisa,axisb,axisc,axis) Cumprod(x;axis,dtype)
        Cumsum(x;axis,dtype) Deg2rad(x) Rad2deg(x) Diag(x;k) Diagflat(x;k) Diagonal(x;offset,axis1,axis2) Diff(a;n,axis)
        Digitize(x,bins) Dot(x1,x2) Dstack(xs) Einsum(operands,kwargs;subscripts) EmptyLike(x;dtype) Equal(x1,x2) Exp(x)
        Exp2(x) ExpandDims(x;axis) Expm1(x) Flip(x;axis) Fliplr(x) Flipud(x) Floor(x) Full(fill_value;shape,dtype)
        FullLike(x,fill_value;dtype) Gcd(x1,x2) GetItem(x,key) Geomspace(start,stop;num,endpoint,dtype,axis)
        Greater(x1,x2) GreaterEqual(x1,x2) Hstack(xs) Hsplit(x;indices_or_sections) Hypot(x1,x2) Imag(x) I0(x)
        Isclose(x1,x2,rtol,atol;equal_nan) Isfinite(x) IsIn(x1,x2;assume_unique,invert) Isinf(x) Isnan(x) Isneginf(x)
        Isposinf(x) Isreal(x) Kron(x1,x2) Lcm(x1,x2) Ldexp(x1,x2) Less(x1,x2) LessEqual(x1,x2)
        Linspace(start,stop;num,endpoint,retstep,dtype,axis) Log(x) Log10(x) Log1p(x) Log2(x) Logaddexp(x1,x2)
        Logaddexp2(x1,x2) LogicalAnd(x1,x2) LogicalNot(x) LogicalOr(x1,x2)
        Logspace(start,stop;num,endpoint,base,dtype,axis) Matmul(x1,x2) Max(x;axis,keepdims,initial) Maximum(x1,x2)
        Fmax(x1,x2) Median(x;axis,keepdims) Meshgrid(x;indexing) Min(x;axis,keepdims,initial) Minimum(x1,x2) Fmin(x1,x2)
        Mod(x1,x2) Fmod(x1,x2) Moveaxis(x;source,destination) Nanargmax(x;axis,keepdims) Nanargmin(x;axis,keepdims)
        Nancumsum(x;axis,dtype) Nancumprod(x;axis,dtype) Nanmax(x;axis,keepdims) Nanmean(x;axis,keepdims)
        Nanmedian(x;axis,keepdims) Nanmin(x;axis,keepdims) Nanpercentile(x,q;axis,method,keepdims)
        Nanprod(x;axis,keepdims) Nanquantile(x,q;axis,method,keepdims) Nanstd(x;axis,keepdims) Nansum(x;axis,keepdims)
        Nanvar(x;axis,keepdims) NanToNum(x;nan,posinf,neginf) Ndim(x) Nonzero(x) NotEqual(x1,x2) OnesLike(x;dtype)
        ZerosLike(x;dtype) Outer(x1,x2) Pad(x,constant_values;pad_width,mode) Percentile(x,q;axis,method,keepdims)
        Prod(x;axis,keepdims,dtype) Ptp(x;axis,keepdims) Quantile(x,q;axis,method,keepdims) Ravel(x)
        UnravelIndex(indices;shape) Real(x) Reciprocal(x) Repeat(x;repeats,axis) Reshape(x;newshape) Roll(x;shift,axis)
        Round(x;decimals) SearchSorted(sorted_sequence,values;side) Sign(x) Signbit(x) Sin(x) Sinc(x) Sinh(x) Size(x)
        Sort(x;axis) Split(x;indices_or_sections,axis) Stack(x;axis) Std(x;axis,keepdims) Swapaxes(x;axis1,axis2)
        Take(x,indices;axis) TakeAlongAxis(x,indices;axis) Tan(x) Tanh(x) Tensordot(x1,x2;axes) Tile(x;repeats)
        Trace(x;offset,axis1,axis2) Tril(x;k) Triu(x;k) Trunc(x) Vdot(x1,x2) Inner(x1,x2) Vstack(xs)
        Vsplit(x;indices_or_sections) Where(condition,x1,x2) Subtract(x1,x2) Multiply(x1,x2) Divide(x1,x2)
        DivideNoNan(x1,x2) TrueDivide(x1,x2) Power(x1,x2) Negative(x) Nextafter(x1,x2) Square(x) Sqrt(x) Squeeze(x;axis)
        Transpose(x;axes) Trapezoid(y;x,dx,axis) Mean(x;axis,keepdims) Vander(x;N,increasing) Var(x;axis,keepdims)
        Sum(x;axis,keepdims) FloorDivide(x1,x2) LogicalXor(x1,x2) Corrcoef(x) Correlate(x1,x2;mode)
        Select(condlist,choicelist,default) Slogdet(x) Argpartition(x;kth,axis) Histogram(x;bins,range)
        ArraySplit(x;indices_or_sections,axis)
        Unique(x;sorted,return_index,return_inverse,return_counts,axis,size,fill_value) Dsplit(x;indices_or_sections)
    """,
}
