// The part of CNTK 2.7's C++ interface that the module uses, declared from the symbols its library exports.
//
// The official headers are not shipped in the wheel. What is here must match the binary: sizes and the order of
// members and of virtual functions were read off libCntk.Core-2.7.so. Objects are only made by the library's own
// exported constructors; `slack` covers what we do not name, so that an object we allocate is never too small.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

extern "C" void omp_set_num_threads(int);  // of the OpenMP that came with it

namespace CNTK {

enum class DataType : unsigned int { Unknown = 0, Float = 1, Double = 2 };
enum class StorageFormat : int { Dense = 0 };
enum class VariableKind : unsigned int { Input = 0, Output = 1, Parameter = 2, Constant = 3, Placeholder = 4 };
enum class PaddingMode { Constant = 0, Reflect = 1, Symmetric = 2 };
enum class TraceLevel : unsigned int { Error = 0, Warning = 1, Info = 2 };
enum class DeviceKind : unsigned int { CPU = 0, GPU = 1 };

class DeviceDescriptor {
public:
  unsigned int id = 0;
  DeviceKind kind = DeviceKind::CPU;
  static bool TrySetDefaultDevice(const DeviceDescriptor&, bool acquireLock);
};

class NDShape {
public:
  std::vector<size_t> dims;
  NDShape() = default;
  explicit NDShape(std::vector<size_t> d) : dims(std::move(d)) {}
};

class Axis {
  int index;
  std::wstring name;
  bool ordered;

public:
  explicit Axis(int);
  static const int SentinelEndStaticAxisIndexValue;
};

class Function;
class Value;
class NDArrayView;
class NDMask;
class BackPropState;
struct VariableFields;
using FunctionPtr = std::shared_ptr<Function>;
using ValuePtr = std::shared_ptr<Value>;
using NDArrayViewPtr = std::shared_ptr<NDArrayView>;

// Copied memberwise, the pointer to its virtual table included: no copy constructor is exported.
class Variable {
  void* vtable = nullptr;

public:
  std::shared_ptr<VariableFields> fields;
  std::shared_ptr<const Function> composite;
  Variable(const Variable& o) : vtable(o.vtable), fields(o.fields), composite(o.composite) {}
  Variable(const FunctionPtr&);
  Variable(const NDShape&, VariableKind, DataType, const NDArrayViewPtr&, bool needsGradient,
           const std::vector<Axis>& dynamicAxes, bool sparse, const std::wstring& name, const std::wstring& uid);
  Variable& operator=(const Variable&);
  ~Variable();
  const NDShape& Shape() const;
};

inline bool operator==(const Variable& a, const Variable& b) { return a.fields == b.fields; }

class NDArrayView : public std::enable_shared_from_this<NDArrayView> {
  char members[64];
  char slack[64];

public:
  NDArrayView(DataType, const NDShape&, void* buffer, size_t bytes, const DeviceDescriptor&, bool readOnly);
  NDArrayView(DataType, StorageFormat, const NDShape&, const DeviceDescriptor&);
  ~NDArrayView();
  NDArrayViewPtr DeepClone(const DeviceDescriptor&, bool readOnly) const;
  template <class T> const T* DataBuffer() const;
};

class Value : public std::enable_shared_from_this<Value> {
public:
  explicit Value(const NDArrayViewPtr&);
  virtual ~Value();
  virtual DeviceDescriptor Device() const;
  virtual DataType GetDataType() const;
  virtual StorageFormat GetStorageFormat() const;
  virtual const NDShape& Shape() const;
  virtual bool IsReadOnly() const;
  virtual size_t MaskedCount() const;
  virtual NDArrayViewPtr Data() const;

private:
  NDArrayViewPtr data;
  std::shared_ptr<NDMask> mask;
  char slack[64];
};

static_assert(sizeof(Variable) == 40 && sizeof(Axis) == 48 && sizeof(NDShape) == 24 &&
                  sizeof(DeviceDescriptor) == 8,
              "does not match the layout of the library");
}  // namespace CNTK

// Not noexcept: the library's own hash is not, and libstdc++ lays the nodes of a map out differently when it is.
template <> struct std::hash<CNTK::Variable> {
  size_t operator()(const CNTK::Variable& v) const { return std::hash<const void*>()(v.fields.get()); }
};

namespace CNTK {
using Values = std::unordered_map<Variable, ValuePtr>;

class Function {
public:
  void Evaluate(const Values& arguments, Values& outputs, const DeviceDescriptor&);
};

namespace Internal {
size_t NewUniqueId();
void EnableReversingTensorShapesInErrorMessages();
}  // namespace Internal

void SetMaxNumCPUThreads(size_t);
void SetTraceLevel(TraceLevel);

using V = const Variable&;
using W = const std::wstring&;
using Axes = const std::vector<Axis>&;

// Log, Sqrt, ReLU, Pow and ReduceMax have no IEEE arithmetic and are not used; a test shows that they still have none.
#define KERAS_UNARY(X) \
  X(Negate) X(Abs) X(Exp) X(Floor) X(Sigmoid) X(Tanh) X(Sin) X(Cos) X(Asin) X(Atan) X(Softplus) X(ToBatch) X(UnpackBatch) \
  X(Alias) X(Log) X(Sqrt) X(ReLU)
#define KERAS_BINARY(X) \
  X(Plus) X(Minus) X(ElementTimes) X(ElementDivide) X(ElementMax) X(ElementMin) X(Equal) X(NotEqual) X(Less) X(Pow)
#define KERAS_DECLARE(name) FunctionPtr name(V, W);
KERAS_UNARY(KERAS_DECLARE)
#undef KERAS_DECLARE
#define KERAS_DECLARE(name) FunctionPtr name(V, V, W);
KERAS_BINARY(KERAS_DECLARE)
#undef KERAS_DECLARE
FunctionPtr ReduceSum(V, Axes, bool keepDimensions, W);
FunctionPtr ReduceMax(V, Axes, bool keepDimensions, W);
FunctionPtr Times(V, V, size_t outputRank, int inferInputRank, W);
FunctionPtr TransposeTimes(V, V, size_t outputRank, W);
FunctionPtr ElementSelect(V condition, V, V, W);
FunctionPtr Combine(const std::vector<Variable>&, W);
FunctionPtr Splice(const std::vector<Variable>&, const Axis&, W);
FunctionPtr Softmax(V, const Axis&, W);
FunctionPtr LogSoftmax(V, const Axis&, W);
FunctionPtr Reshape(V, const NDShape&, const Axis& begin, const Axis& end, W);
FunctionPtr Transpose(V, Axes, W);
FunctionPtr Slice(V, Axes, const std::vector<int>& begin, const std::vector<int>& end, const std::vector<int>& strides, W);
FunctionPtr Pad(V, PaddingMode, const std::vector<size_t>& low, const std::vector<size_t>& high, double value, W);
}  // namespace CNTK
