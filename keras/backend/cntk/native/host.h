// What the host computes in loops of its own beside CNTK's graphs: one pass over memory, into arrays of the caller's.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <stdexcept>

// The loops are functions of their own since the compiler believes `__restrict` of parameters only, and without it computes
// one element at a time.
template <class T> using In = const T* __restrict;
template <class T> using Out = T* __restrict;

template <class T> using Array = pybind11::array_t<T, pybind11::array::c_style>;

// Of a loop: compiled once for every width of the processor's registers, and chosen when the module is loaded.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define EVERY_WIDTH __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define EVERY_WIDTH
#endif

// Arrays are taken as they are: what a conversion copies would not reach the caller.
inline pybind11::arg as_it_is() { return pybind11::arg().noconvert(); }

void define_updates(pybind11::module_& m);
void define_masking(pybind11::module_& m);
