// CNTK 2.7's core for Python: build a graph, run it on arrays.
//
// Shapes, axes and index lists are NumPy's here and reversed below: CNTK is column-major with the first axis fastest, so
// an array of shape s is a CNTK tensor of shape reversed(s) over the same bytes. All axes are static; a batched product is
// put between `ToBatch` and `UnpackBatch` by the caller. Arguments are checked by the caller, too: CNTK answers some wrong
// graphs with a crash.
#include "cntk_abi.h"
#include "host.h"

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace py = pybind11;
using CNTK::Axis;
using CNTK::DataType;
using CNTK::FunctionPtr;
using CNTK::NDArrayView;
using CNTK::NDShape;
using CNTK::Value;
using CNTK::ValuePtr;
using CNTK::Variable;
using Shape = std::vector<size_t>;
using Ints = std::vector<int>;

namespace {

const CNTK::DeviceDescriptor kCpu;
const std::wstring kNoName;

template <class T> std::vector<T> reversed(std::vector<T> v) {
  std::reverse(v.begin(), v.end());
  return v;
}

NDShape shape_of(const Shape& numpy_shape) { return NDShape(reversed(numpy_shape)); }

// ---------------------------------------------------------------------- memory shared with NumPy
size_t item_size(DataType dtype) { return dtype == DataType::Float ? sizeof(float) : sizeof(double); }

py::dtype numpy_dtype(DataType dtype) {
  return dtype == DataType::Float ? py::dtype::of<float>() : py::dtype::of<double>();
}

// A view of the array's memory, which must be C-contiguous, of the dtype, and outlive the view.
CNTK::NDArrayViewPtr view_of(const py::array& a, DataType dtype, const NDShape& shape) {
  void* data = const_cast<void*>(a.data());
  return std::make_shared<NDArrayView>(dtype, shape, data, a.size() * item_size(dtype), kCpu, false);
}

// One dtype may be several objects: what a pickle or another library made is equal to NumPy's own, but not the same.
bool is_of(const py::array& a, const py::dtype& wanted) {
  const py::dtype found = a.dtype();
  return found.is(wanted) || py::detail::npy_api::get().PyArray_EquivTypes_(found.ptr(), wanted.ptr());
}

void check(const py::array& a, DataType dtype, size_t size) {
  if (!is_of(a, numpy_dtype(dtype)) || !(a.flags() & py::array::c_style) || size_t(a.size()) != size)
    throw std::invalid_argument("expected a C-contiguous array of the graph's dtype with " + std::to_string(size) +
                                " elements");
}

size_t count(const Shape& shape) {
  size_t n = 1;
  for (size_t d : shape) n *= d;
  return n;
}

// ---------------------------------------------------------------------- threads
// CNTK's loops run on the calling thread alone: on two, small ones mostly wait for each other. OpenMP has its number of
// threads for each thread that calls it, and CNTK tells it to the first one only.
void settle() {
  thread_local bool settled = false;
  if (!settled) omp_set_num_threads(1);
  settled = true;
}

// ---------------------------------------------------------------------- running
// A graph ready to run on arrays of its inputs' shapes.
class Program {
public:
  Program(DataType dtype, FunctionPtr function, std::vector<Variable> inputs, std::vector<Shape> input_shapes,
          std::vector<Variable> outputs, std::vector<Shape> output_shapes)
      : dtype_(dtype), function_(std::move(function)), inputs_(std::move(inputs)),
        input_shapes_(std::move(input_shapes)), outputs_(std::move(outputs)),
        output_shapes_(std::move(output_shapes)) {}

  std::vector<py::array> operator()(const std::vector<py::array>& arrays) {
    if (arrays.size() != inputs_.size())
      throw std::invalid_argument("expected " + std::to_string(inputs_.size()) + " arrays. Received: " +
                                  std::to_string(arrays.size()));
    CNTK::Values arguments, results;
    for (size_t i = 0; i < arrays.size(); ++i) {
      check(arrays[i], dtype_, count(input_shapes_[i]));
      arguments.emplace(inputs_[i], value_over(arrays[i], input_shapes_[i]));
    }
    std::vector<py::array> out;
    out.reserve(outputs_.size());
    for (size_t i = 0; i < outputs_.size(); ++i) {
      out.emplace_back(numpy_dtype(dtype_), output_shapes_[i]);
      results.emplace(outputs_[i], value_over(out.back(), output_shapes_[i]));
    }
    {
      py::gil_scoped_release release;
      settle();
      function_->Evaluate(arguments, results, kCpu);
    }
    return out;
  }

private:
  ValuePtr value_over(const py::array& a, const Shape& shape) const {
    return std::make_shared<Value>(view_of(a, dtype_, shape_of(shape)));
  }

  DataType dtype_;
  FunctionPtr function_;
  std::vector<Variable> inputs_;
  std::vector<Shape> input_shapes_;
  std::vector<Variable> outputs_;
  std::vector<Shape> output_shapes_;
};

// ---------------------------------------------------------------------- building
using Unary = FunctionPtr (*)(const Variable&, const std::wstring&);
using Binary = FunctionPtr (*)(const Variable&, const Variable&, const std::wstring&);

#define KERAS_ENTRY(name) {#name, &CNTK::name},
const std::unordered_map<std::string, Unary> kUnary = {KERAS_UNARY(KERAS_ENTRY)};
const std::unordered_map<std::string, Binary> kBinary = {KERAS_BINARY(KERAS_ENTRY)};
#undef KERAS_ENTRY

template <class F> F find(const std::unordered_map<std::string, F>& table, const std::string& name) {
  auto entry = table.find(name);
  if (entry == table.end()) throw std::invalid_argument("no such op: " + name);
  return entry->second;
}

// A tensor of a graph under construction. Its shape is NumPy's.
struct Node {
  Variable variable;
  Shape shape() const { return reversed(variable.Shape().dims); }
  size_t rank() const { return variable.Shape().dims.size(); }
  Axis axis(size_t numpy_axis) const { return Axis(int(rank()) - 1 - int(numpy_axis)); }
  std::vector<Axis> axes(const std::vector<size_t>& numpy_axes) const {
    std::vector<Axis> result;
    for (size_t a : numpy_axes) result.push_back(axis(a));
    return result;
  }
};

class Graph {
public:
  explicit Graph(const std::string& dtype) : dtype_(dtype == "float32" ? DataType::Float : DataType::Double) {}

  Node input(const Shape& shape) {
    inputs_.push_back(leaf(shape, CNTK::VariableKind::Input, nullptr));
    input_shapes_.push_back(shape);
    return {inputs_.back()};
  }

  Node constant(const py::array& array, const Shape& shape) const {
    check(array, dtype_, count(shape));
    auto own = view_of(array, dtype_, shape_of(shape))->DeepClone(kCpu, true);
    return {leaf(shape, CNTK::VariableKind::Constant, own)};
  }

  // The graph's inputs in the order they were made, and these outputs, all distinct and none of them an input.
  Program compile(const std::vector<Node>& outputs, const std::vector<Shape>& shapes) const {
    std::vector<Variable> variables;
    for (const Node& y : outputs) variables.push_back(y.variable);
    py::gil_scoped_release release;
    return Program(dtype_, CNTK::Combine(variables, kNoName), inputs_, input_shapes_, variables, shapes);
  }

private:
  Variable leaf(const Shape& shape, CNTK::VariableKind kind, const CNTK::NDArrayViewPtr& value) const {
    const std::wstring uid = L"k" + std::to_wstring(CNTK::Internal::NewUniqueId());
    return Variable(shape_of(shape), kind, dtype_, value, false, {}, false, kNoName, uid);
  }

  DataType dtype_;
  std::vector<Variable> inputs_;
  std::vector<Shape> input_shapes_;
};

Node unary(const std::string& op, const Node& x) { return {Variable(find(kUnary, op)(x.variable, kNoName))}; }

Node binary(const std::string& op, const Node& a, const Node& b) {
  return {Variable(find(kBinary, op)(a.variable, b.variable, kNoName))};
}

// The axes stay, with length 1.
Node reduce_sum(const Node& x, const std::vector<size_t>& axes) {
  return {Variable(CNTK::ReduceSum(x.variable, x.axes(axes), true, kNoName))};
}

Node reduce_max(const Node& x, const std::vector<size_t>& axes) {
  return {Variable(CNTK::ReduceMax(x.variable, x.axes(axes), true, kNoName))};
}

Node choose(const Node& condition, const Node& a, const Node& b) {
  return {Variable(CNTK::ElementSelect(condition.variable, a.variable, b.variable, kNoName))};
}

// a @ b of matrices: CNTK's operands are swapped.
Node times(const Node& a, const Node& b) {
  return {Variable(CNTK::Times(b.variable, a.variable, 1, -1, kNoName))};
}

// a @ b.T, without a copy of b.
Node times_transposed(const Node& a, const Node& b) {
  return {Variable(CNTK::TransposeTimes(b.variable, a.variable, 1, kNoName))};
}

Node reshape(const Node& x, const Shape& shape) {
  const Axis begin(0), end(Axis::SentinelEndStaticAxisIndexValue);
  return {Variable(CNTK::Reshape(x.variable, shape_of(shape), begin, end, kNoName))};
}

Node transpose(const Node& x, const std::vector<size_t>& permutation) {
  return {Variable(CNTK::Transpose(x.variable, reversed(x.axes(permutation)), kNoName))};
}

Node slice(const Node& x, const std::vector<size_t>& axes, const Ints& starts, const Ints& stops, const Ints& steps) {
  return {Variable(CNTK::Slice(x.variable, x.axes(axes), starts, stops, steps, kNoName))};
}

Node pad(const Node& x, const Shape& low, const Shape& high, double value) {
  return {Variable(CNTK::Pad(x.variable, CNTK::PaddingMode::Constant, reversed(low), reversed(high), value, kNoName))};
}

Node concat(const std::vector<Node>& xs, size_t axis) {
  std::vector<Variable> variables;
  for (const Node& x : xs) variables.push_back(x.variable);
  return {Variable(CNTK::Splice(variables, xs.at(0).axis(axis), kNoName))};
}

Node softmax(const Node& x, size_t axis, bool logarithm) {
  auto op = logarithm ? &CNTK::LogSoftmax : &CNTK::Softmax;
  return {Variable(op(x.variable, x.axis(axis), kNoName))};
}

}  // namespace

PYBIND11_MODULE(_keras_cntk, m) {
  m.doc() = "CNTK 2.7's core: build a graph, run it on arrays.";
  CNTK::DeviceDescriptor::TrySetDefaultDevice(kCpu, false);
  CNTK::Internal::EnableReversingTensorShapesInErrorMessages();
  CNTK::SetMaxNumCPUThreads(1);  // MKL's
  CNTK::SetTraceLevel(CNTK::TraceLevel::Error);

  py::class_<Node>(m, "Node", "A tensor of a graph under construction.")
      .def_property_readonly("shape", &Node::shape);
  py::class_<Program>(m, "Program", "A graph ready to run: arrays in, new arrays out.")
      .def("__call__", &Program::operator());
  py::class_<Graph>(m, "Graph", "A graph of one dtype under construction.")
      .def(py::init<const std::string&>())
      .def("input", &Graph::input)
      .def("constant", &Graph::constant)
      .def("compile", &Graph::compile);
  m.def("unary", &unary);
  m.def("binary", &binary);
  m.def("reduce_sum", &reduce_sum);
  m.def("reduce_max", &reduce_max);
  m.def("select", &choose);
  m.def("times", &times);
  m.def("times_transposed", &times_transposed);
  m.def("reshape", &reshape);
  m.def("transpose", &transpose);
  m.def("slice", &slice);
  m.def("pad", &pad);
  m.def("concat", &concat);
  m.def("softmax", &softmax);
  define_updates(m);
  define_masking(m);
}
