// Optimizer updates: all values of a step in one pass.
#include "host.h"

#include <cmath>

namespace py = pybind11;

namespace {

template <class T>
EVERY_WIDTH void adam_loop(py::ssize_t n, In<T> p, In<T> g, In<T> m, In<T> v, Out<T> new_p, Out<T> new_m, Out<T> new_v, T rate, T a,
               T b, T epsilon) {
  for (py::ssize_t i = 0; i < n; ++i) {
    new_m[i] = m[i] + (g[i] - m[i]) * a;
    new_v[i] = v[i] + (g[i] * g[i] - v[i]) * b;
    new_p[i] = p[i] - new_m[i] * rate / (std::sqrt(new_v[i]) + epsilon);
  }
}

template <class T>
EVERY_WIDTH void momentum_loop(py::ssize_t n, In<T> p, In<T> g, In<T> v, Out<T> new_p, Out<T> new_v, T lr, T decay, bool nesterov) {
  for (py::ssize_t i = 0; i < n; ++i) {
    const T step = g[i] * lr;
    new_v[i] = v[i] * decay - step;
    new_p[i] = nesterov ? p[i] + new_v[i] * decay - step : p[i] + new_v[i];
  }
}

template <class T>
EVERY_WIDTH void rmsprop_loop(py::ssize_t n, In<T> p, In<T> g, In<T> v, Out<T> new_p, Out<T> new_v, T lr, T decay, T a, T epsilon) {
  for (py::ssize_t i = 0; i < n; ++i) {
    new_v[i] = v[i] * decay + g[i] * g[i] * a;
    new_p[i] = p[i] - g[i] * lr / std::sqrt(new_v[i] + epsilon);
  }
}

// The number of elements, which all have.
template <class T, class... Rest> py::ssize_t common_size(const Array<T>& first, const Rest&... rest) {
  if (((rest.size() != first.size()) || ...)) throw std::invalid_argument("expected arrays of one size");
  return first.size();
}

template <class T>
void adam(const Array<T>& p, const Array<T>& g, const Array<T>& m, const Array<T>& v, Array<T>& new_p, Array<T>& new_m,
          Array<T>& new_v, T rate, double beta_1, double beta_2, T epsilon) {
  const py::ssize_t n = common_size(p, g, m, v, new_p, new_m, new_v);
  T *p1 = new_p.mutable_data(), *m1 = new_m.mutable_data(), *v1 = new_v.mutable_data();
  const T a = T(1 - beta_1), b = T(1 - beta_2);  // 1 - 0.999 in float32 would lose four digits
  py::gil_scoped_release release;
  adam_loop<T>(n, p.data(), g.data(), m.data(), v.data(), p1, m1, v1, rate, a, b, epsilon);
}

template <class T>
void momentum(const Array<T>& p, const Array<T>& g, const Array<T>& v, Array<T>& new_p, Array<T>& new_v, T lr, T decay,
              bool nesterov) {
  const py::ssize_t n = common_size(p, g, v, new_p, new_v);
  T *p1 = new_p.mutable_data(), *v1 = new_v.mutable_data();
  py::gil_scoped_release release;
  momentum_loop<T>(n, p.data(), g.data(), v.data(), p1, v1, lr, decay, nesterov);
}

template <class T>
void rmsprop(const Array<T>& p, const Array<T>& g, const Array<T>& v, Array<T>& new_p, Array<T>& new_v, T lr, double rho,
             T epsilon) {
  const py::ssize_t n = common_size(p, g, v, new_p, new_v);
  T *p1 = new_p.mutable_data(), *v1 = new_v.mutable_data();
  py::gil_scoped_release release;
  rmsprop_loop<T>(n, p.data(), g.data(), v.data(), p1, v1, lr, T(rho), T(1 - rho), epsilon);
}

template <class T> void define(py::module_& m) {
  const auto array = as_it_is();
  const auto number = py::arg();
  m.def("adam", &adam<T>, array, array, array, array, array, array, array, number, number, number, number);
  m.def("momentum", &momentum<T>, array, array, array, array, array, number, number, number);
  m.def("rmsprop", &rmsprop<T>, array, array, array, array, array, number, number, number);
}

}  // namespace

void define_updates(py::module_& m) {
  define<float>(m);
  define<double>(m);
}
