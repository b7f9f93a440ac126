// SPDX-License-Identifier: MIT
#include "gyrograd/losses/info_nce.hpp"

#include <cmath>
#include <vector>

#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::losses;
using namespace gyrograd::testing;

namespace {

/// Masks and groups in both precisions that outlive the tape.
template <class Real>
const std::vector<Real>& alternating() {
  static const std::vector<Real> w = [] {
    std::vector<Real> v(64);
    for (std::size_t i = 0; i < v.size(); ++i) v[i] = i % 3 == 0 ? Real(0) : Real(1);
    return v;
  }();
  return w;
}
const std::vector<Index>& quarters() {
  static const std::vector<Index> g = [] {
    std::vector<Index> v(64);
    for (std::size_t i = 0; i < v.size(); ++i) v[i] = static_cast<Index>(i / 4);
    return v;
  }();
  return g;
}

struct Setup {
  Index batch = 3, width = 4;
  Direction direction = Direction::both;
  Reduction reduction = Reduction::mean;
  Similarity similarity = Similarity::cosine;
  MaskedSamples masked = MaskedSamples::excluded;
  bool mask = false, groups = false;
};

/// Loss of inputs q, k, tau.
auto loss_of(Setup s) {
  return [s](auto& tape, const auto& v) {
    using Real = std::remove_cvref_t<decltype(*v[0].value.data())>;
    InfoNceOptions<Real> o{s.direction, s.reduction, s.similarity, s.masked};
    if (s.mask) o.mask = alternating<Real>().data();
    if (s.groups) o.group = quarters().data();
    return info_nce(tape, v[0].template reshape<dyn, dyn>(s.batch, s.width),
                    v[1].template reshape<dyn, dyn>(s.batch, s.width), v[2].template reshape<>(), o);
  };
}

std::vector<std::vector<double>> inputs(const Setup& s) {
  return {random_values<double>(s.batch * s.width, 1), random_values<double>(s.batch * s.width, 2), {0.3}};
}

/// Loss alone; columns of (batch x width) queries and keys.
double value(Index batch, const std::vector<double>& q, const std::vector<double>& k, double tau,
             InfoNceOptions<double> o = {}) {
  Tape<double> tape;
  tape.set_recording(false);
  const auto width = static_cast<Index>(q.size()) / batch;
  const auto constant = [&](const std::vector<double>& x) {
    return tape.constant(Tensor<const double, dyn, dyn>(x.data(), batch, width));
  };
  return *info_nce(tape, constant(q), constant(k), tape.constant(Tensor<const double>(&tau)), o).value.data();
}

std::vector<double> identity(Index n) {
  std::vector<double> x(static_cast<std::size_t>(n * n));
  for (Index i = 0; i < n; ++i) x[static_cast<std::size_t>(i + n * i)] = 1;
  return x;
}

}  // namespace

TEST_CASE("InfoNCE: gradients for every batch size and option") {
  for (const Index batch : {2, 3, 64})
    for (const Direction direction : {Direction::both, Direction::one_way, Direction::mean_of_two}) {
      INFO("batch " << batch << ", direction " << static_cast<int>(direction));
      const Setup s{batch, 5, direction};
      check_op(inputs(s), loss_of(s), {}, {}, 30);
    }
  Setup s{6, 5};
  s.reduction = Reduction::sum;
  check_op(inputs(s), loss_of(s), {}, {}, 30);
  s.similarity = Similarity::dot;
  check_op(inputs(s), loss_of(s), {}, {}, 30);
}

TEST_CASE("InfoNCE: gradients with masked samples and duplicate keys") {
  for (const MaskedSamples masked : {MaskedSamples::excluded, MaskedSamples::published}) {
    Setup s{7, 5};
    s.mask = true;
    s.masked = masked;
    check_op(inputs(s), loss_of(s), {}, {}, 30);
  }
  Setup s{9, 5};
  s.groups = true;
  check_op(inputs(s), loss_of(s), {}, {}, 30);
  s.mask = true;
  check_op(inputs(s), loss_of(s), {}, {}, 30);
}

TEST_CASE("InfoNCE of one sample is zero with zero gradient") {
  const OpResult r = run_op<double>(inputs({1, 4}), loss_of({1, 4}));
  CHECK(r.value[0] == 0);
  for (const auto& g : r.gradients)
    for (const double x : g) CHECK(x == Approx(0).margin(1e-15));
}

TEST_CASE("InfoNCE where nobody takes part is zero without a gradient") {
  static const std::vector<double> none(4, 0.0);
  for (const MaskedSamples masked : {MaskedSamples::excluded, MaskedSamples::published}) {
    const OpResult r = run_op<double>(inputs({4, 3}), [&](auto& tape, const auto& v) {
      InfoNceOptions<double> o;
      o.masked = masked;
      o.mask = none.data();
      return info_nce(tape, v[0].template reshape<dyn, dyn>(4, 3), v[1].template reshape<dyn, dyn>(4, 3),
                      v[2].template reshape<>(), o);
    });
    CHECK(r.value[0] == 0);
    for (const auto& g : r.gradients) CHECK(g == std::vector<double>(g.size(), 0.0));
  }
}

TEST_CASE("InfoNCE of orthonormal pairs has the closed form of the sheet") {
  // PRIMUS sheet §18.5: 2 ln(1 + (B - 1) e^-10) for tau 0.1
  for (const Index n : {2, 16, 256}) {
    const std::vector<double> x = identity(n);
    CHECK(value(n, x, x, 0.1) ==
          Approx(2 * std::log1p(static_cast<double>(n - 1) * std::exp(-10.0))).epsilon(1e-12));
  }
  const std::vector<double> x = identity(16);
  CHECK(value(16, x, x, 0.1) == Approx(1.36153e-3).epsilon(1e-5));
}

TEST_CASE("keys of zeros give the chance level, and their queries no gradient") {
  for (const Index n : {16, 32, 64, 512}) {
    const std::vector<double> q = random_values<double>(n * 3, 1), zero(q.size(), 0.0);
    CHECK(value(n, q, zero, 0.1) == Approx(2 * std::log(static_cast<double>(n))).epsilon(1e-12));
  }
  const OpResult r =
      run_op<double>({random_values<double>(12, 1), std::vector<double>(12, 0.0), {0.1}}, loss_of({4, 3}));
  CHECK(r.gradients[0] == std::vector<double>(12, 0.0));
  CHECK(r.gradients[2][0] == 0);
}

TEST_CASE("a query of zeros gets its gradient through the floor of the norm") {
  // Steps far below the floor 1e-12: there the loss is smooth in the row.
  std::vector<double> row(3, 0.0);
  static const std::vector<double> others = random_values<double>(6, 1), keys = random_values<double>(9, 2);
  static const double tau = 0.5;
  const auto f = [](auto& tape, const auto& v) {
    const auto whole = tape.template make<dyn, dyn>(3, 3);
    for (Index c = 0; c < 3; ++c) {
      whole.value(0, c) = v[0].value.data()[c];
      for (Index i = 1; i < 3; ++i) whole.value(i, c) = others[static_cast<std::size_t>(2 * c + i - 1)];
    }
    tape.record(whole, [=] {
      for (Index c = 0; c < 3; ++c) v[0].grad().data()[c] += whole.grad()(0, c);
    });
    return info_nce(tape, whole, tape.constant(Tensor<const double, dyn, dyn>(keys.data(), 3, 3)),
                    tape.constant(Tensor<const double>(&tau)));
  };
  GradcheckOptions options;
  options.step = 1e-15;
  const auto result = gradcheck(
      {std::span<double>(row)},
      [&](auto& tape, const std::vector<Var<double, dyn>>& v) {
        return f(tape, std::array<Var<double, dyn>, 1>{v[0]});
      },
      options);
  INFO(result[0].text());
  CHECK(result[0].analytic_norm > 1e9);
  CHECK(result[0].norm_error < 1e-6);
}

TEST_CASE("a mask of ones changes nothing, and excluded samples are those of a smaller batch") {
  const std::vector<double> q = random_values<double>(15, 1), k = random_values<double>(15, 2), ones(5, 1.0);
  InfoNceOptions<double> o;
  o.mask = ones.data();
  CHECK(value(5, q, k, 0.2, o) == value(5, q, k, 0.2));
  const std::vector<double> mask{1, 0, 1, 1, 0};
  o.mask = mask.data();
  const auto rows = [](const std::vector<double>& x) {
    std::vector<double> out;
    for (std::size_t c = 0; c < 3; ++c)
      for (const std::size_t i : {0U, 2U, 3U}) out.push_back(x[i + 5 * c]);
    return out;
  };
  CHECK(value(5, q, k, 0.2, o) == Approx(value(3, rows(q), rows(k), 0.2)).epsilon(1e-14));
  o.masked = MaskedSamples::published;
  CHECK(value(5, q, k, 0.2, o) > value(3, rows(q), rows(k), 0.2));  // more negatives
}

TEST_CASE("duplicate keys as negatives bound the loss from below, left out they do not") {
  const std::vector<double> q = identity(4);
  std::vector<double> k(16, 0.0);  // samples 0 and 1 share a key
  for (const Index i : {0, 1}) k[static_cast<std::size_t>(i)] = 1;
  k[static_cast<std::size_t>(2 + 4 * 2)] = k[static_cast<std::size_t>(3 + 4 * 3)] = 1;
  std::vector<double> same = q;
  same[1] = 1, same[1 + 4] = 0;  // query 1 as query 0
  const double with = value(4, same, k, 0.02);
  CHECK(with ==
        Approx(2 * std::log(2.0) / 2).epsilon(1e-9));  // ln 2 for two of four samples, both directions
  const std::vector<Index> group{7, 7, 1, 2};
  InfoNceOptions<double> o;
  o.group = group.data();
  CHECK(value(4, same, k, 0.02, o) < 1e-9);
}

TEST_CASE("a team gives the bits of one thread") {
  const std::vector<double> q = random_values<double>(400 * 7, 1), k = random_values<double>(400 * 7, 2);
  ThreadPool pool(3);
  InfoNceOptions<double> o;
  const double alone = value(400, q, k, 0.1, o);
  o.pool = &pool;
  CHECK(value(400, q, k, 0.1, o) == alone);
}

TEST_CASE("queries and keys of different sizes are refused") {
  Tape<float> tape;
  const auto tau = tape.make<>();
  const auto q = tape.make<dyn, dyn>(4, 3);
  CHECK_THROWS_AS(info_nce(tape, q, tape.make<dyn, dyn>(5, 3), tau), ShapeError);
  CHECK_THROWS_AS(info_nce(tape, q, tape.make<dyn, dyn>(4, 2), tau), ShapeError);
}
