// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/gru_step.hpp"

#include <algorithm>
#include <cmath>

#include "gyrograd/kernels/gru.hpp"
#include "support/gru_reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

namespace {

/// One step at a time for a full lane group, so that slab and activation differ by their order only.
template <class Real, int Vectors>
void check(Index in, Index H, bool with_h) {
  constexpr Index W = Vectors * lanes<Real>;
  INFO("vectors " << Vectors << ", in " << in << ", H " << H << ", state " << with_h);
  const GruNumbers n(W, 1, in, H, with_h);
  const GruReference want(n);
  const auto buffer = [](const std::vector<double>& v) {
    return Guarded<Real>(std::vector<Real>(v.begin(), v.end()));
  };
  Guarded<Real> wi = buffer(n.weight_ih), wh = buffer(n.weight_hh), bi = buffer(n.bias_ih),
                bh = buffer(n.bias_hh);
  Guarded<Real> x = buffer(n.x), h = buffer(n.h0), y(W * H), gates(4 * W * H), packed(gru_packed_size(in, H));
  gru_pack_forward(packed.data(), wi.data(), wh.data(), bi.data(), bh.data(), in, H);
  GruStep<Real> s;
  s.y = y.data();
  s.x = x.data();
  s.h = with_h ? h.data() : nullptr;
  s.in = in;
  s.hidden = H;
  gru_step<Vectors>(s, static_cast<const Real*>(packed.data()));
  check_close<Real>(y.values(), want.y);
  s.gates = gates.data();
  gru_step<Vectors>(s, static_cast<const Real*>(packed.data()));
  check_close<Real>(y.values(), want.y);
  std::vector<double> all = want.hn;
  for (const auto* gate : {&want.r, &want.z, &want.n}) all.insert(all.end(), gate->begin(), gate->end());
  check_close<Real>(gates.values(), all);
  CHECK((y.intact() && gates.intact() && packed.intact()));
}

/// Arguments far beyond the range of the exponential: gates end in 0 and 1, states in finite values.
template <class Real>
void check_large(Real factor) {
  constexpr Index W = 2 * lanes<Real>, in = 3, H = 5;
  INFO("factor " << factor);
  const GruNumbers n(W, 1, in, H, true);
  const auto buffer = [](const std::vector<double>& v) { return std::vector<Real>(v.begin(), v.end()); };
  const std::vector<Real> wi = buffer(n.weight_ih), wh = buffer(n.weight_hh), bi = buffer(n.bias_ih),
                          bh = buffer(n.bias_hh);
  std::vector<Real> inputs = buffer(n.x);
  for (Real& v : inputs) v *= factor;
  Guarded<Real> x(inputs), h(buffer(n.h0)), y(W * H), packed(gru_packed_size(in, H));
  gru_pack_forward(packed.data(), wi.data(), wh.data(), bi.data(), bh.data(), in, H);
  GruStep<Real> s;
  s.y = y.data();
  s.x = x.data();
  s.h = h.data();
  s.in = in;
  s.hidden = H;
  gru_step<2>(s, static_cast<const Real*>(packed.data()));
  Index outside = 0;
  for (Index i = 0; i < W * H; ++i)  // a NaN is outside, too
    outside += std::abs(y.data()[i]) <= std::max(Real(1), std::abs(h.data()[i])) + Real(1e-6) ? 0 : 1;
  CHECK(outside == 0);
}

/// total = start + add + d W, without gates; and start + d W with weights that are not packed.
template <class Real, int Vectors>
void check_backward(Index H) {
  constexpr Index W = Vectors * lanes<Real>;
  INFO("vectors " << Vectors << ", H " << H);
  Guarded<Real> d(random_values<Real>(3 * H * W, 1)), start(random_values<Real>(H * W, 2)),
      add(random_values<Real>(H * W, 3)), weight(random_values<Real>(3 * H * H, 4)), packed(3 * H * H),
      out(H * W);
  gru_pack_backward(packed.data(), static_cast<const Real*>(weight.data()), H);
  std::vector<double> want(static_cast<std::size_t>(H * W));
  for (Index u = 0; u < H; ++u)
    for (Index lane = 0; lane < W; ++lane) {
      double& sum = want[static_cast<std::size_t>(lane + W * u)];
      sum = static_cast<double>(start.data()[lane + W * u]) + static_cast<double>(add.data()[lane + W * u]);
      for (Index k = 0; k < 3 * H; ++k)  // gate rows of d: hn, r, z; of the weights: r, z, n
        sum += static_cast<double>(d.data()[lane + W * k]) *
               static_cast<double>(weight.data()[(k < H ? k + 2 * H : k - H) * H + u]);
    }
  GruStepBackward<Real> s;
  s.d = d.data();
  s.depth = 3 * H;
  s.start = start.data();
  s.add = add.data();
  s.out = out.data();
  s.hidden = H;
  gru_step_backward<Vectors>(s, static_cast<const Real*>(packed.data()), H);
  check_close<Real>(out.values(), want);
  for (Index u = 0; u < H; ++u)
    for (Index lane = 0; lane < W; ++lane) {
      double& sum = want[static_cast<std::size_t>(lane + W * u)];
      sum = static_cast<double>(start.data()[lane + W * u]);
      for (Index k = 0; k < 3 * H; ++k)
        sum += static_cast<double>(d.data()[lane + W * k]) * static_cast<double>(weight.data()[k * H + u]);
    }
  s.add = nullptr;
  s.w_step = H;
  gru_step_backward<Vectors>(s, static_cast<const Real*>(weight.data()), H);
  check_close<Real>(out.values(), want);
  CHECK(out.intact());
}

}  // namespace

TEMPLATE_TEST_CASE("one GRU step equals plain loops, with and without saved gates", "", float, double) {
  for (Index H : {1, 2, 5, 10, 20})
    for (Index in : {1, 6, 72}) {
      check<TestType, 1>(in, H, true);
      check<TestType, 2>(in, H, false);
      check<TestType, 2>(in, H, true);
    }
}

TEMPLATE_TEST_CASE("gates of a GRU with huge arguments stay numbers", "", float, double) {
  for (const double factor : {1e2, 1e3, 1e6, 1e30, 1e36}) check_large(static_cast<TestType>(factor));
}

TEMPLATE_TEST_CASE("one backward step without gates is a sum of products", "", float, double) {
  for (Index H : {1, 5, 7, 11, 20}) {
    check_backward<TestType, 1>(H);
    check_backward<TestType, 2>(H);
  }
}
