// The gradient of max pooling over two spatial axes, channels last.
#include "host.h"

#include <pybind11/stl.h>

#include <algorithm>
#include <array>
#include <vector>

namespace py = pybind11;

namespace {

using Pair = std::array<py::ssize_t, 2>;

// The larger one, channel by channel; NaN if either is.
template <class T> EVERY_WIDTH void raise_loop(py::ssize_t n, In<T> x, Out<T> top) {
  for (py::ssize_t i = 0; i < n; ++i) top[i] = (x[i] > top[i]) | (x[i] != x[i]) ? x[i] : top[i];
}

// What is left of the gradient goes to the elements that are the largest, and is gone then.
template <class T, bool Add> EVERY_WIDTH void give_loop(py::ssize_t n, In<T> x, In<T> top, Out<T> left, Out<T> dx) {
  for (py::ssize_t i = 0; i < n; ++i) {
    const bool largest = x[i] == top[i];
    dx[i] = (largest ? left[i] : T(0)) + (Add ? dx[i] : T(0));
    left[i] = largest ? T(0) : left[i];
  }
}

// One window: its corner in `x` and `dx`, and the offsets of its elements from there.
template <class T>
void share(py::ssize_t channels, const T* x, const T* dy, T* dx, const std::vector<py::ssize_t>& offsets, bool overlapping,
           T* top, T* left) {
  std::copy_n(x, channels, top);
  std::copy_n(dy, channels, left);
  for (auto at : offsets) raise_loop<T>(channels, x + at, top);
  for (auto at : offsets) (overlapping ? give_loop<T, true> : give_loop<T, false>)(channels, x + at, top, left, dx + at);
}

// Each number of `dy` goes to the first element of its window that is the largest; the rest of `dx` is 0.
template <class T>
void max_pool_grad(const Array<T>& x, const Array<T>& dy, Array<T>& dx, Pair window, Pair strides) {
  if (x.ndim() != 4 || dy.ndim() != 4 || dx.ndim() != 4) throw std::invalid_argument("expected arrays of four axes");
  for (int i = 0; i < 4; ++i)
    if (x.shape(i) != dx.shape(i)) throw std::invalid_argument("expected dx of the shape of x");
  const auto height = x.shape(1), width = x.shape(2), channels = x.shape(3);
  bool fits = dy.shape(0) == x.shape(0) && dy.shape(3) == channels;
  for (int i = 0; i < 2; ++i)
    fits = fits && window[i] > 0 && strides[i] > 0 &&
           (dy.shape(1 + i) == 0 || (dy.shape(1 + i) - 1) * strides[i] + window[i] <= x.shape(1 + i));
  if (!fits) throw std::invalid_argument("expected dy of the shape of the windows of x");
  const bool overlapping = strides[0] < window[0] || strides[1] < window[1];
  // Without overlap every element is written once, if the windows leave none out.
  const bool complete = strides == window && dy.shape(1) * strides[0] == height && dy.shape(2) * strides[1] == width;
  std::vector<py::ssize_t> offsets;
  for (py::ssize_t i = 0; i < window[0]; ++i)
    for (py::ssize_t j = 0; j < window[1]; ++j) offsets.push_back((i * width + j) * channels);
  std::vector<T> top(channels), left(channels);
  const T *source = x.data(), *gradient = dy.data();
  T* result = dx.mutable_data();
  const auto images = x.shape(0), rows = dy.shape(1), columns = dy.shape(2);
  py::gil_scoped_release release;
  for (py::ssize_t n = 0; n < images; ++n) {
    const auto image = n * height * width * channels;
    if (!complete) std::fill_n(result + image, height * width * channels, T(0));  // while it is in the cache
    for (py::ssize_t i = 0; i < rows; ++i)
      for (py::ssize_t j = 0; j < columns; ++j) {
        const auto at = image + (i * strides[0] * width + j * strides[1]) * channels;
        share(channels, source + at, gradient, result + at, offsets, overlapping, top.data(), left.data());
        gradient += channels;
      }
  }
}

}  // namespace

void define_pooling(py::module_& m) {
  const auto number = py::arg();
  m.def("max_pool_grad", &max_pool_grad<float>, as_it_is(), as_it_is(), as_it_is(), number, number);
  m.def("max_pool_grad", &max_pool_grad<double>, as_it_is(), as_it_is(), as_it_is(), number, number);
}
