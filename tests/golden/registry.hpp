// SPDX-License-Identifier: MIT
// Table of golden handlers by the `op` of a case. A file <topic>_cases.cpp registers its own: no other edit
// is needed.
#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <utility>

#include "golden/case.hpp"

namespace gyrograd::golden {

using Check = void (*)(const Case&);

/// What runs for one kind of case: in double, in float, or once where the arithmetic does not matter.
struct Handler {
  Check in_double = nullptr, in_float = nullptr;
};

/// Thrown by a handler for a case that needs a part gyrograd does not have yet; listed at the end of the run.
struct NotYet : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline std::map<std::string, Handler>& handlers() {
  static std::map<std::string, Handler> table;
  return table;
}

/// Registers the handlers of one file before main() runs:
///   const Register linear{"op_linear", check_linear<double>, check_linear<float>};
struct Register {
  Register(const std::string& op, Check in_double, Check in_float = nullptr) {
    if (!handlers().emplace(op, Handler{in_double, in_float}).second) {
      throw std::logic_error("golden handler registered twice: " + op);
    }
  }
};

}  // namespace gyrograd::golden
