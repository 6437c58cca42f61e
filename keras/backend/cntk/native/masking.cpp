// Elements kept where a mask says so: what gradients of activations come down to.
#include "host.h"

#include <cstdint>

namespace py = pybind11;

namespace {

// On the bits, as integers of the size of an element: a choice would be a jump for each.
template <class Bits> EVERY_WIDTH void keep_loop(py::ssize_t n, In<uint8_t> mask, In<Bits> x, Out<Bits> y) {
  for (py::ssize_t i = 0; i < n; ++i) y[i] = x[i] & -Bits(mask[i]);
}

// y = x where the mask is true, else 0.
template <class T, class Bits> void keep(const Array<bool>& mask, const Array<T>& x, Array<T>& y) {
  static_assert(sizeof(T) == sizeof(Bits));
  const py::ssize_t n = x.size();
  if (mask.size() != n || y.size() != n) throw std::invalid_argument("expected arrays of one size");
  const auto where = reinterpret_cast<const uint8_t*>(mask.data());
  const auto in = reinterpret_cast<const Bits*>(x.data());
  const auto out = reinterpret_cast<Bits*>(y.mutable_data());
  py::gil_scoped_release release;
  keep_loop<Bits>(n, where, in, out);
}

}  // namespace

void define_masking(py::module_& m) {
  m.def("keep", &keep<float, uint32_t>, as_it_is(), as_it_is(), as_it_is());
  m.def("keep", &keep<double, uint64_t>, as_it_is(), as_it_is(), as_it_is());
}
