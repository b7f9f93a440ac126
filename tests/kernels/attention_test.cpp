// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/attention.hpp"

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

namespace {

/// Where the kernel keeps the weight of (b, head, query, key): interleaved batches share one block per head,
/// others have one block per sequence.
template <class Real>
std::size_t weight_index(const AttentionSizes& s, Index b, Index h, Index i, Index j) {
  if (kernels::detail::attention_interleaves<Real>(s.batch)) {
    const Index P = s.query_positions();
    return static_cast<std::size_t>(h * P * s.keys + b + s.batch * i + P * j);
  }
  return static_cast<std::size_t>((b * s.heads + h) * s.queries * s.keys + i + s.queries * j);
}
template <class Real>
std::size_t rsum_index(const AttentionSizes& s, Index b, Index h, Index i) {
  if (kernels::detail::attention_interleaves<Real>(s.batch))
    return static_cast<std::size_t>(h * s.query_positions() + b + s.batch * i);
  return static_cast<std::size_t>((b * s.heads + h) * s.queries + i);
}

template <class Real>
std::vector<Real> scaled(std::vector<Real> values, Real factor) {
  for (Real& value : values) value *= factor;
  return values;
}

template <class Real>
struct Inputs {
  AttentionSizes s;
  std::vector<Real> plain_q;
  Guarded<Real> q, k, v, dout;  ///< q: plain_q as the kernels want it

  explicit Inputs(const AttentionSizes& sizes, double range = 1)
      : s(sizes),
        plain_q(random_values<Real>(s.query_positions() * s.channels(), 1, -range, range)),
        q(scaled(plain_q, attention_query_factor<Real>(s.width))),
        k(random_values<Real>(s.key_positions() * s.channels(), 2, -range, range)),
        v(random_values<Real>(s.key_positions() * s.channels(), 3)),
        dout(random_values<Real>(s.query_positions() * s.channels(), 4)) {}

  AttentionReference reference() const {
    AttentionReference r{s.batch, s.queries, s.keys, s.heads, s.width, {}, {}};
    r.forward(doubles(plain_q), doubles(k.copy()), doubles(v.copy()));
    return r;
  }
};

enum class Residual { none, given, in_place };

template <class Real>
void check(const AttentionSizes& s, Residual mode, double range = 1) {
  INFO("B " << s.batch << ", queries " << s.queries << ", keys " << s.keys << ", heads " << s.heads << " x "
            << s.width);
  Inputs<Real> in(s, range);
  const AttentionReference want = in.reference();
  const Index nq = s.query_positions() * s.channels(), nk = s.key_positions() * s.channels();

  Guarded<Real> o(nq), weights(s.weight_count()), rsum(s.rsum_count());
  Guarded<Real> scratch(attention_forward_scratch<Real>(s, true));
  attention_forward(o.data(), weights.data(), rsum.data(), in.q.data(), in.k.data(), in.v.data(), s,
                    scratch.data());
  check_close<Real>(o.values(), want.o, 2);
  CHECK((o.intact() && weights.intact() && rsum.intact() && scratch.intact()));

  std::vector<double> probabilities(want.weights.size());
  want.rows([&](Index b, Index h, Index i) {
    for (Index j = 0; j < s.keys; ++j)
      probabilities[want.weight_at(b, h, i, j)] =
          static_cast<double>(weights.values()[weight_index<Real>(s, b, h, i, j)]) *
          static_cast<double>(rsum.values()[rsum_index<Real>(s, b, h, i)]);
  });
  check_close<Real>(probabilities, want.weights, 2);

  // Without stored weights: the same bits.
  Guarded<Real> o2(nq), scratch2(attention_forward_scratch<Real>(s, false));
  attention_forward(o2.data(), static_cast<Real*>(nullptr), static_cast<Real*>(nullptr), in.q.data(),
                    in.k.data(), in.v.data(), s, scratch2.data());
  CHECK(same_bits(o2.values(), o.values()));
  CHECK((o2.intact() && scratch2.intact()));

  Guarded<Real> dq(random_values<Real>(nq, 5)), residual(random_values<Real>(nq, 6));
  Guarded<Real> dk(random_values<Real>(nk, 7)), dv(random_values<Real>(nk, 8));
  std::vector<double> dq_want(static_cast<std::size_t>(nq), 0.0), dk_want = doubles(dk.copy()),
                                                                  dv_want = doubles(dv.copy());
  if (mode == Residual::given) {
    dq_want = doubles(residual.copy());
    for (auto* d : {&dk_want, &dv_want}) std::fill(d->begin(), d->end(), 0.0);  // overwritten
  }
  if (mode == Residual::in_place) dq_want = doubles(dq.copy());
  want.backward(dq_want, dk_want, dv_want, doubles(in.dout.copy()), doubles(in.plain_q), doubles(in.k.copy()),
                doubles(in.v.copy()));
  const Real* start = mode == Residual::none    ? nullptr
                      : mode == Residual::given ? residual.data()
                                                : dq.data();
  Guarded<Real> scratch3(attention_backward_scratch<Real>(s));
  const bool accumulate = mode != Residual::given;
  attention_backward(dq.data(), start, dk.data(), dv.data(), in.dout.data(), o.data(), weights.data(),
                     rsum.data(), in.q.data(), in.k.data(), in.v.data(), s, accumulate, scratch3.data());
  check_close<Real>(dq.values(), dq_want, 4);
  check_close<Real>(dk.values(), dk_want, 4);
  check_close<Real>(dv.values(), dv_want, 4);
  CHECK((dq.intact() && dk.intact() && dv.intact() && weights.intact() && scratch3.intact()));
}

}  // namespace

TEMPLATE_TEST_CASE("attention forward and backward equal plain loops", "", float, double) {
  for (Index batch : {1, 2, 3, 4, 5}) {
    for (Index steps : sizes_around(lanes<TestType>))
      check<TestType>({batch, steps, steps, 2, 9}, static_cast<Residual>(steps % 3));
    check<TestType>({batch, 3, 20, 4, 18}, Residual::none);  // the last layer: queries at masked rows only
    check<TestType>({batch, 5, 1, 2, 18}, Residual::none);
    check<TestType>({batch, 7, 20, 1, 5}, Residual::given);
    check<TestType>({batch, 7, 3, 1, 5}, Residual::in_place);
  }
  check<TestType>({1, 120, 120, 4, 18}, Residual::none);
  check<TestType>({2, 18, 120, 4, 18}, Residual::none);
}

TEMPLATE_TEST_CASE("attention is stable where one score dominates", "", float, double) {
  Inputs<TestType> in({2, 5, 7, 1, 4}, 30);
  const AttentionReference want = in.reference();
  Guarded<TestType> o(40), scratch(attention_forward_scratch<TestType>(in.s, false));
  attention_forward(o.data(), static_cast<TestType*>(nullptr), static_cast<TestType*>(nullptr), in.q.data(),
                    in.k.data(), in.v.data(), in.s, scratch.data());
  // Scores near 1,000 carry the rounding of float into the exponent.
  check_close<TestType>(o.values(), want.o, 100);
}

TEMPLATE_TEST_CASE("attention over one key passes values on, and no gradient to queries and keys", "", float,
                   double) {
  using Real = TestType;
  for (Index batch : {1, 3, 4}) {
    const AttentionSizes s{batch, 6, 1, 2, 3};
    Inputs<Real> in(s);
    const Index nq = s.query_positions() * s.channels(), nk = s.key_positions() * s.channels();
    Guarded<Real> o(nq), weights(s.weight_count()), rsum(s.rsum_count());
    Guarded<Real> scratch(attention_forward_scratch<Real>(s, true));
    attention_forward(o.data(), weights.data(), rsum.data(), in.q.data(), in.k.data(), in.v.data(), s,
                      scratch.data());
    Guarded<Real> dq(nq), dk(std::vector<Real>(static_cast<std::size_t>(nk), Real(0))), dv(dk);
    Guarded<Real> scratch2(attention_backward_scratch<Real>(s));
    attention_backward(dq.data(), static_cast<const Real*>(nullptr), dk.data(), dv.data(), in.dout.data(),
                       o.data(), weights.data(), rsum.data(), in.q.data(), in.k.data(), in.v.data(), s, true,
                       scratch2.data());
    for (Real d : dq) CHECK(d == Real(0));
    for (Real d : dk) CHECK(d == Real(0));
  }
}

TEMPLATE_TEST_CASE("a sequence has the same attention alone and in any batch", "", float, double) {
  using Real = TestType;
  const Index T = 20, C = 36;
  for (Index batch : {2, 4, 5}) {
    const AttentionSizes s{batch, T, T, 2, 18};
    Inputs<Real> in(s);
    Guarded<Real> o(batch * T * C), scratch(attention_forward_scratch<Real>(s, false));
    attention_forward(o.data(), static_cast<Real*>(nullptr), static_cast<Real*>(nullptr), in.q.data(),
                      in.k.data(), in.v.data(), s, scratch.data());
    const AttentionSizes one{1, T, T, 2, 18};
    for (Index b = 0; b < batch; ++b) {
      const auto pick = [&](const Guarded<Real>& from) {
        std::vector<Real> out;
        for (Index i = 0; i < T * C; ++i)
          out.push_back(from.values()[static_cast<std::size_t>(b + batch * i)]);
        return out;
      };
      std::vector<Real> q = pick(in.q), k = pick(in.k), v = pick(in.v),
                        alone(static_cast<std::size_t>(T * C));
      std::vector<Real> memory(static_cast<std::size_t>(attention_forward_scratch<Real>(one, false)));
      attention_forward(alone.data(), static_cast<Real*>(nullptr), static_cast<Real*>(nullptr), q.data(),
                        k.data(), v.data(), one, memory.data());
      CHECK(alone == pick(o));
    }
  }
}
