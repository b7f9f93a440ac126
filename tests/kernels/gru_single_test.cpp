// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/gru_single.hpp"

#include "support/gru_reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

namespace {

/// One sequence through one layer; input parts computed ahead, or step by step.
template <class Real>
void check(Index T, Index in, Index H, bool ahead) {
  INFO("T " << T << ", in " << in << ", H " << H << ", inputs ahead " << ahead);
  const GruNumbers n(1, T, in, H, false);
  const GruReference want(n);
  const auto cast = [](const std::vector<double>& v) { return std::vector<Real>(v.begin(), v.end()); };
  const std::vector<Real> wi = cast(n.weight_ih), wh = cast(n.weight_hh), bi = cast(n.bias_ih),
                          bh = cast(n.bias_hh), x = cast(n.x);
  const Index units = gru_single_units<Real>(H), row = gru_single_row<Real>(H);
  CHECK((units >= H && units < H + lanes<Real> && units % lanes<Real> == 0));
  CHECK((row >= 3 * H && row < 3 * H + lanes<Real> && row % lanes<Real> == 0));
  Guarded<Real> packed(gru_single_packed_size<Real>(in, H)), inputs(T * row), out(units),
      arguments(std::vector<Real>(static_cast<std::size_t>(3 * gru_single_part<Real>(H)))),
      h(std::vector<Real>(static_cast<std::size_t>(units)));
  gru_single_pack(packed.data(), wi.data(), wh.data(), bi.data(), bh.data(), in, H);
  const GruSingleLayer<Real> layer{in, H, packed.data()};
  if (ahead) gru_single_inputs(inputs.data(), layer, x.data(), 1, T, T);
  for (Index t = 0; t < T; ++t) {
    std::vector<Real> sample;
    for (Index k = 0; k < in; ++k) sample.push_back(x[static_cast<std::size_t>(t + T * k)]);
    gru_single_product(arguments.data(), layer, ahead ? inputs.data() + t * row : nullptr, sample.data(),
                       static_cast<const Real*>(h.data()));
    gru_single_gates(h.data(), out.data(), static_cast<const Real*>(arguments.data()), H);
    std::vector<double> state, positive;
    for (Index u = 0; u < H; ++u) {
      state.push_back(want.y[static_cast<std::size_t>(t + T * u)]);
      positive.push_back(std::max(0.0, static_cast<double>(h.data()[u])));
    }
    check_close<Real>(h.values().first(static_cast<std::size_t>(H)), state);
    CHECK(largest_gap(out.values().first(static_cast<std::size_t>(H)), std::span<const double>(positive)) ==
          0);
    for (Index u = H; u < units; ++u) CHECK(std::isfinite(h.data()[u]));
  }
  CHECK((packed.intact() && arguments.intact() && inputs.intact() && h.intact() && out.intact()));
}

}  // namespace

TEMPLATE_TEST_CASE("GRU of one sequence equals plain loops", "", float, double) {
  for (Index H : {1, 8, 10, 13, 16, 20, 32, 65})
    for (Index in : {1, 6, 72}) {
      check<TestType>(5, in, H, false);
      check<TestType>(in == 6 ? 9 : 3, in, H, true);
    }
}
