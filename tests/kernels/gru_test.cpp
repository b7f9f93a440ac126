// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/gru.hpp"

#include "support/gru_reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

namespace {

template <class Real>
std::vector<Real> cast(const std::vector<double>& v) {
  return {v.begin(), v.end()};
}

/// All buffers of one layer for a whole batch, every one between guard zones.
template <class Real>
struct Layer {
  const GruNumbers& s;
  Guarded<Real> wi, wh, bi, bh, x, y, gates, h0, packed, packed_back;

  explicit Layer(const GruNumbers& n)
      : s(n),
        wi(cast<Real>(n.weight_ih)),
        wh(cast<Real>(n.weight_hh)),
        bi(cast<Real>(n.bias_ih)),
        bh(cast<Real>(n.bias_hh)),
        x(lanes_all() * n.T * slab_rows(n.in)),
        y(lanes_all() * n.T * slab_rows(n.H)),
        gates(lanes_all() * n.T * slab_rows(n.H * 4)),
        h0(lanes_all() * n.H),
        packed(gru_packed_size(n.in, n.H)),
        packed_back(3 * n.H * n.H) {
    gru_pack_forward(packed.data(), wi.data(), wh.data(), bi.data(), bh.data(), n.in, n.H);
    gru_pack_backward(packed_back.data(), static_cast<const Real*>(wh.data()), n.H);
  }
  Index lanes_all() const { return slab_lanes<Real>(s.B); }
  const Real* first(const LaneGroup& g) { return s.h0.empty() ? nullptr : h0.data() + g.first * s.H; }

  void forward(bool save) {
    const std::vector<Real> in = cast<Real>(s.x), start = cast<Real>(s.h0);
    for_each_group<Real>(s.B, [&](LaneGroup g) {
      to_slab(x.data() + g.first * s.T * slab_rows(s.in), in.data(), g, s.B, s.T, s.in);
      if (!s.h0.empty()) to_slab(h0.data() + g.first * s.H, start.data(), g, s.B, 1, s.H);
      GruForward<Real> a;
      a.y = y.data() + g.first * s.T * slab_rows(s.H);
      a.gates = save ? gates.data() + g.first * s.T * slab_rows(s.H * 4) : nullptr;
      a.x = x.data() + g.first * s.T * slab_rows(s.in);
      a.h0 = first(g);
      a.packed = packed.data();
      a.width = g.width;
      a.steps = s.T;
      a.in = s.in;
      a.hidden = s.H;
      gru_forward(a);
    });
  }
  bool intact() {
    return wi.intact() && x.intact() && y.intact() && gates.intact() && h0.intact() && packed.intact() &&
           packed_back.intact();
  }
};

template <class Real>
std::vector<Real> activation(Guarded<Real>& slabs, Index B, Index T, Index C) {
  std::vector<Real> x(static_cast<std::size_t>(B * T * C));
  for_each_group<Real>(B, [&](LaneGroup g) {
    from_slab(x.data(), static_cast<const Real*>(nullptr),
              static_cast<const Real*>(slabs.data() + g.first * T * slab_rows(C)), g, B, T, C);
  });
  return x;
}

template <class Real>
void check(Index B, Index T, Index in, Index H, bool with_h0, bool last_only) {
  INFO("B " << B << ", T " << T << ", in " << in << ", H " << H << ", h0 " << with_h0);
  const GruNumbers s(B, T, in, H, with_h0);
  GruReference want(s);
  Layer<Real> layer(s);
  layer.forward(false);
  const std::vector<Real> plain = layer.y.copy();
  check_close<Real>(activation(layer.y, B, T, H), want.y);
  layer.forward(true);
  CHECK(same_bits(std::span<const Real>(plain), layer.y.values()));  // saving the gates changes no bit

  std::vector<double> dy = random_values<double>(B * T * H, 9);
  if (last_only)
    for (Index i = 0; i < B * T * H; ++i)
      if (i / B % T != T - 1) dy[static_cast<std::size_t>(i)] = 0;
  const std::vector<Real> given = cast<Real>(dy);
  want.backward(s, std::vector<double>(given.begin(), given.end()));

  Guarded<Real> dys(layer.lanes_all() * T * slab_rows(H)), dx(layer.lanes_all() * T * slab_rows(in)),
      carry(layer.lanes_all() * slab_rows(H));
  Guarded<Real> dwi(random_values<Real>(3 * H * in, 11)), dwh(random_values<Real>(3 * H * H, 12)),
      dbi(random_values<Real>(3 * H, 13)), dbh(random_values<Real>(3 * H, 14));
  const auto add = [](std::vector<double>& sum, const std::vector<Real>& start) {
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += static_cast<double>(start[i]);
  };
  add(want.dweight_ih, dwi.copy());
  add(want.dweight_hh, dwh.copy());
  add(want.dbias_ih, dbi.copy());
  add(want.dbias_hh, dbh.copy());
  for_each_group<Real>(B, [&](LaneGroup g) {
    Real* d = dys.data() + g.first * T * slab_rows(H);
    to_slab(d, given.data(), g, B, T, H);
    GruBackward<Real> a;
    a.gates = layer.gates.data() + g.first * T * slab_rows(H * 4);
    a.carry = carry.data() + g.first * slab_rows(H);
    (last_only ? a.dlast : a.dy) = last_only ? d + (T - 1) * slab_rows(H) * g.width : d;
    a.y = layer.y.data() + g.first * T * slab_rows(H);
    a.h0 = layer.first(g);
    a.packed = layer.packed_back.data();
    a.width = g.width;
    a.steps = T;
    a.hidden = H;
    a.want_h0 = true;
    a.dx = dx.data() + g.first * T * slab_rows(in);
    if (last_only) {
      std::fill_n(a.dx, T * slab_rows(in) * g.width, Real(0.5));
      a.residual = a.dx;
    }
    a.weight_ih = layer.wi.data();
    a.in = in;
    gru_backward(a);
    Guarded<Real> scratch(gru_weight_scratch<Real>(g.width, T, in, H));
    gru_backward_weights(GruWeightGradients<Real>{dwi.data(), dwh.data(), dbi.data(), dbh.data()},
                         static_cast<const Real*>(a.gates),
                         static_cast<const Real*>(layer.x.data() + g.first * T * slab_rows(in)), a.y, a.h0,
                         g.width, T, in, H, scratch.data());
    CHECK(scratch.intact());
  });
  const double scale = 4;  // sums over up to 33 sequences and 20 steps
  if (last_only)
    for (double& v : want.dx) v += 0.5;
  check_close<Real>(activation(dx, B, T, in), want.dx, scale);
  check_close<Real>(activation(carry, B, 1, H), want.dh0, scale);
  check_close<Real>(dwi.values(), want.dweight_ih, scale);
  check_close<Real>(dwh.values(), want.dweight_hh, scale);
  check_close<Real>(dbi.values(), want.dbias_ih, scale);
  check_close<Real>(dbh.values(), want.dbias_hh, scale);
  CHECK(layer.intact());
  CHECK((dys.intact() && dx.intact() && carry.intact()));
  CHECK((dwi.intact() && dwh.intact() && dbi.intact() && dbh.intact()));
}

}  // namespace

TEMPLATE_TEST_CASE("GRU layer forward and backward equal plain loops", "", float, double) {
  for (Index B : {1, 2, 15, 16, 17, 33}) {
    check<TestType>(B, 7, 6, 10, false, false);
    check<TestType>(B, 2, 3, 5, true, true);
  }
  for (Index H : {1, 10, 13, 20})
    for (Index in : {1, 6, 72}) check<TestType>(3, 3, in, H, in == 6, H == 13);
  check<TestType>(17, 1, 6, 20, false, false);
  check<TestType>(2, 1, 1, 1, true, true);
  check<TestType>(16, 20, 72, 20, false, true);
  check<TestType>(35, 3, 32, 48, true, true);   // wide enough for panels of channels
  check<TestType>(5, 2, 7, 48, false, false);   // the same without panels of inputs
  check<TestType>(3, 1, 16, 176, false, true);  // long sums in the backward pass; one step
}

TEMPLATE_TEST_CASE("a GRU layer that keeps two states ends in the same bits", "", float, double) {
  for (const Index T : {2, 5, 6}) {
    const GruNumbers s(lanes<TestType>, T, 3, 7, true);
    Layer<TestType> layer(s);
    layer.forward(false);
    constexpr Index L = lanes<TestType>;
    const Index step = L * slab_rows(s.H);
    Guarded<TestType> ring(2 * step);
    GruForward<TestType> a;
    a.y = ring.data();
    a.x = layer.x.data();
    a.h0 = layer.h0.data();
    a.packed = layer.packed.data();
    a.width = L;
    a.steps = T;
    a.in = s.in;
    a.hidden = s.H;
    a.kept = 2;
    gru_forward(a);
    for (Index i = 0; i < L * s.H; ++i)
      CHECK(ring.data()[(T - 1) % 2 * step + i] == layer.y.data()[(T - 1) * step + i]);
    CHECK(ring.intact());
  }
}

TEST_CASE("GRU gradients that nobody wants are skipped") {
  const GruNumbers s(2, 3, 4, 5, false);
  Layer<float> layer(s);
  layer.forward(true);
  Guarded<float> dbi(random_values<float>(15, 1));
  const std::vector<float> before = dbi.copy();
  gru_backward_weights(GruWeightGradients<float>{}, static_cast<const float*>(layer.gates.data()),
                       static_cast<const float*>(layer.x.data()), static_cast<const float*>(layer.y.data()),
                       static_cast<const float*>(nullptr), lanes<float>, 3, 4, 5,
                       static_cast<float*>(nullptr));
  CHECK(dbi.copy() == before);
}
