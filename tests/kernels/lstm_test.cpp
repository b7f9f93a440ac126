// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/lstm.hpp"

#include "support/lstm_reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

namespace {

template <class Real>
std::vector<Real> cast(const std::vector<double>& v) {
  return {v.begin(), v.end()};
}

/// (B, T, C) as slabs of all groups between guard zones, and back.
template <class Real>
Guarded<Real> slabs(const std::vector<double>& x, Index B, Index T, Index C) {
  Guarded<Real> s(slab_lanes<Real>(B) * T * slab_rows(C));
  const std::vector<Real> values = cast<Real>(x);
  for_each_group<Real>(B, [&](LaneGroup g) {
    if (!x.empty()) to_slab(s.data() + g.first * T * slab_rows(C), values.data(), g, B, T, C);
  });
  return s;
}
template <class Real>
std::vector<Real> activation(Guarded<Real>& s, Index B, Index T, Index C) {
  std::vector<Real> x(static_cast<std::size_t>(B * T * C));
  for_each_group<Real>(B, [&](LaneGroup g) {
    from_slab(x.data(), static_cast<const Real*>(nullptr),
              static_cast<const Real*>(s.data() + g.first * T * slab_rows(C)), g, B, T, C);
  });
  return x;
}

template <class Real>
void check(Index B, Index T, Index in, Index H, bool with_state) {
  INFO("B " << B << ", T " << T << ", in " << in << ", H " << H << ", state " << with_state);
  const LstmNumbers s(B, T, in, H, with_state);
  LstmReference want(s);
  const std::vector<Real> wi = cast<Real>(s.weight_ih), wh = cast<Real>(s.weight_hh),
                          bi = cast<Real>(s.bias_ih), bh = cast<Real>(s.bias_hh);
  Guarded<Real> packed(lstm_packed_size(in, H)), packed_back(4 * H * H);
  lstm_pack_forward(packed.data(), wi.data(), wh.data(), bi.data(), bh.data(), in, H);
  lstm_pack_backward(packed_back.data(), wh.data(), H);
  Guarded<Real> x = slabs<Real>(s.x, B, T, in), h0 = slabs<Real>(s.h0, B, 1, H),
                c0 = slabs<Real>(s.c0, B, 1, H);
  Guarded<Real> y = slabs<Real>({}, B, T, H), c = slabs<Real>({}, B, T, H), last = slabs<Real>({}, B, 1, H),
                gates = slabs<Real>({}, B, T, 5 * H);
  const auto state = [&](Guarded<Real>& v, LaneGroup g) -> const Real* {
    return with_state ? v.data() + g.first * slab_rows(H) : nullptr;
  };
  const auto forward = [&](bool save) {
    for_each_group<Real>(B, [&](LaneGroup g) {
      LstmForward<Real> a;
      a.y = y.data() + g.first * T * slab_rows(H);
      a.c = save ? c.data() + g.first * T * slab_rows(H) : last.data() + g.first * slab_rows(H);
      a.gates = save ? gates.data() + g.first * T * slab_rows(5 * H) : nullptr;
      a.x = x.data() + g.first * T * slab_rows(in);
      a.h0 = state(h0, g);
      a.c0 = state(c0, g);
      a.packed = packed.data();
      a.width = g.width;
      a.steps = T;
      a.in = in;
      a.hidden = H;
      lstm_forward(a);
    });
  };
  forward(false);
  const std::vector<Real> plain = activation(y, B, T, H);
  check_close<Real>(plain, want.y);
  forward(true);
  CHECK(plain == activation(y, B, T, H));  // saving changes no bit
  check_close<Real>(activation(c, B, T, H), want.c);

  const std::vector<double> dy = doubles(cast<Real>(random_values<double>(B * T * H, 9))),
                            dcell = doubles(cast<Real>(random_values<double>(B * H, 10)));
  want.backward(s, dy, dcell);
  Guarded<Real> dys = slabs<Real>(dy, B, T, H), dc = slabs<Real>(dcell, B, 1, H),
                dh0 = slabs<Real>({}, B, 1, H), dx = slabs<Real>({}, B, T, in);
  std::vector<Real> dwi(wi.size(), Real(1)), dwh(wh.size(), Real(1)), dbi(bi.size(), Real(1)),
      dbh(bh.size(), Real(1));
  for_each_group<Real>(B, [&](LaneGroup g) {
    LstmBackward<Real> a;
    a.gates = gates.data() + g.first * T * slab_rows(5 * H);
    a.dc = dc.data() + g.first * slab_rows(H);
    a.dh0 = dh0.data() + g.first * slab_rows(H);
    a.dy = dys.data() + g.first * T * slab_rows(H);
    a.c = c.data() + g.first * T * slab_rows(H);
    a.c0 = state(c0, g);
    a.packed = packed_back.data();
    a.weight_hh = wh.data();
    a.width = g.width;
    a.steps = T;
    a.hidden = H;
    lstm_backward(a);
    lstm_backward_data(dx.data() + g.first * T * slab_rows(in), static_cast<const Real*>(nullptr),
                       static_cast<const Real*>(a.gates), wi.data(), g.width, T, in, H);
    lstm_backward_weights(
        LstmWeightGradients<Real>{dwi.data(), dwh.data(), dbi.data(), dbh.data()},
        static_cast<const Real*>(a.gates), static_cast<const Real*>(x.data() + g.first * T * slab_rows(in)),
        static_cast<const Real*>(y.data() + g.first * T * slab_rows(H)), state(h0, g), g.width, T, in, H);
  });
  for (auto* sums : {&want.dweight_ih, &want.dweight_hh, &want.dbias_ih, &want.dbias_hh})
    for (double& v : *sums) v += 1;
  const double scale = 4;  // sums over up to 33 sequences and 20 steps
  check_close<Real>(activation(dx, B, T, in), want.dx, scale);
  check_close<Real>(activation(dh0, B, 1, H), want.dh0, scale);
  check_close<Real>(activation(dc, B, 1, H), want.dc0, scale);
  check_close<Real>(dwi, want.dweight_ih, scale);
  check_close<Real>(dwh, want.dweight_hh, scale);
  check_close<Real>(dbi, want.dbias_ih, scale);
  check_close<Real>(dbh, want.dbias_hh, scale);
  for (const auto* buffer : {&packed, &packed_back, &x, &y, &c, &last, &gates, &dys, &dc, &dh0, &dx})
    CHECK(const_cast<Guarded<Real>*>(buffer)->intact());
}

}  // namespace

TEMPLATE_TEST_CASE("LSTM layer forward and backward equal plain loops", "", float, double) {
  for (Index B : {1, 2, 15, 16, 17, 33}) {
    check<TestType>(B, 7, 6, 10, false);
    check<TestType>(B, 2, 3, 5, true);
  }
  for (Index H : {1, 10, 13, 20})
    for (Index in : {1, 6, 72}) check<TestType>(3, 3, in, H, in == 6);
  check<TestType>(17, 1, 6, 20, false);
  check<TestType>(2, 1, 1, 1, true);
}

TEST_CASE("LSTM gradients that nobody wants are skipped") {
  const Index W = lanes<float>;
  std::vector<float> gates(static_cast<std::size_t>(W * slab_rows(10))), x(static_cast<std::size_t>(W)),
      dbi(8, 1.0F);
  lstm_backward_weights(LstmWeightGradients<float>{}, static_cast<const float*>(gates.data()),
                        static_cast<const float*>(x.data()), static_cast<const float*>(x.data()),
                        static_cast<const float*>(nullptr), W, 1, 1, 2);
  CHECK(dbi == std::vector<float>(8, 1.0F));
}
