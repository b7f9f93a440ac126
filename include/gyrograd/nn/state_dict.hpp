// SPDX-License-Identifier: MIT
// Named parameters of a model to and from tensor files, strictly.
#pragma once

#include <cmath>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "gyrograd/autograd/parameter.hpp"
#include "gyrograd/io/safetensors.hpp"
#include "gyrograd/io/tensor_file.hpp"

namespace gyrograd::nn {

namespace detail {

inline io::Shape file_shape(const Shape& shape) {
  io::Shape s;
  for (int axis = 0; axis < shape.rank; ++axis) s.push_back(static_cast<std::size_t>(shape[axis]));
  return s;
}

/// Up to five items, then "and N more".
inline void list(std::string& text, std::string_view what, const std::vector<std::string>& items) {
  if (items.empty()) return;
  text += message(text.empty() ? "" : "; ", what, " ", items.size(), ": ");
  for (std::size_t i = 0; i < items.size() && i < 5; ++i) text += (i ? ", " : "") + items[i];
  if (items.size() > 5) text += message(" and ", items.size() - 5, " more");
}

}  // namespace detail

/// Which tensors a file may have besides those of the model.
struct LoadOptions {
  bool allow_extra = false;  ///< true: other tensors are ignored (an encoder read from a joint model)
};

/// Copies every parameter and buffer of `model` from `file`, converting the floating-point type. Nothing is
/// changed when anything is wrong. Throws IoError with one line that lists all missing, extra, wrongly shaped
/// and non-finite tensors.
template <Scalar Real, HasParameters<Real> Model>
void load_parameters(Model& model, const io::TensorFile& file, LoadOptions options = {}) {
  std::vector<std::string> missing, extra, wrong, odd;
  std::set<std::string, std::less<>> known;
  visit_state<Real>(model, [&](std::string_view name, Parameter<Real>& p) {
    known.emplace(name);
    const io::TensorEntry* entry = file.find(name);
    if (entry == nullptr) {
      missing.emplace_back(name);
    } else if (entry->shape != detail::file_shape(p.shape)) {
      wrong.push_back(message(name, " is ", io::shape_text(entry->shape), ", expected ", p.shape.text()));
    } else if (const auto at = io::first_nonfinite(*entry)) {
      odd.push_back(message(name, " at ", *at));
    }
  });
  if (!options.allow_extra)
    for (const io::TensorEntry& entry : file.entries())
      if (!known.contains(entry.name)) extra.push_back(io::in_quotes(entry.name));
  std::string problems;
  detail::list(problems, "missing", missing);
  detail::list(problems, "wrong shape", wrong);
  detail::list(problems, "extra", extra);
  detail::list(problems, "not finite", odd);
  if (!problems.empty())
    fail<IoError>(file.name(), ": the weights do not fit the model: ", problems,
                  "; choose the model version that the file was written for");
  std::vector<std::vector<Real>>
      values;  // convert everything first: a bad value must leave the model as it was
  visit_state<Real>(model, [&](std::string_view name, Parameter<Real>&) {
    values.push_back(io::values_of<Real>(*file.find(name), file.name()));
  });
  std::size_t i = 0;
  visit_state<Real>(model, [&](std::string_view, Parameter<Real>& p) {
    std::copy(values[i].begin(), values[i].end(), p.value);
    ++i;
  });
}

/// Copies every entry of `file` whose name the model knows and leaves the rest as it is: an encoder for a
/// joint model, a trunk for a classifier (`load_self` of the published code). Returns the names that were
/// read. Throws IoError when a shape differs or no name is known; nothing is changed then.
template <Scalar Real, HasParameters<Real> Model>
std::vector<std::string> load_matching(Model& model, const io::TensorFile& file) {
  std::vector<std::string> names, wrong;
  std::vector<std::vector<Real>> values;
  visit_state<Real>(model, [&](std::string_view name, Parameter<Real>& p) {
    const io::TensorEntry* entry = file.find(name);
    if (entry == nullptr) return;
    if (entry->shape != detail::file_shape(p.shape)) {
      wrong.push_back(message(name, " is ", io::shape_text(entry->shape), ", expected ", p.shape.text()));
      return;
    }
    names.emplace_back(name);
    values.push_back(io::values_of<Real>(*entry, file.name()));
  });
  std::string problems;
  detail::list(problems, "wrong shape", wrong);
  if (!problems.empty())
    fail<IoError>(file.name(), ": the weights do not fit the model: ", problems,
                  "; choose the model version that the file was written for");
  if (names.empty())
    fail<IoError>(file.name(), ": none of its ", file.entries().size(),
                  " tensors belongs to the model; give the file of its encoder or of the model itself");
  std::size_t i = 0;
  visit_state<Real>(model, [&](std::string_view name, Parameter<Real>& p) {
    if (i == names.size() || names[i] != name) return;
    std::copy(values[i].begin(), values[i].end(), p.value);
    ++i;
  });
  return names;
}

/// The parameters, then the buffers of `model` as entries of a tensor file, in the published order; they view
/// the model's memory.
template <Scalar Real, HasParameters<Real> Model>
std::vector<io::TensorEntry> parameter_entries(Model& model) {
  std::vector<io::TensorEntry> entries;
  visit_state<Real>(model, [&](std::string_view name, Parameter<Real>& p) {
    entries.push_back(io::tensor_entry(std::string(name), detail::file_shape(p.shape),
                                       std::span<const Real>(p.value, static_cast<std::size_t>(p.size()))));
  });
  return entries;
}

/// Writes the parameters with their published names: PyTorch's load_state_dict(strict=True) takes the file.
template <Scalar Real, HasParameters<Real> Model>
void save_parameters(Model& model, const std::filesystem::path& path, const io::Metadata& metadata = {}) {
  io::write_safetensors(path, parameter_entries<Real>(model), metadata);
}

}  // namespace gyrograd::nn
