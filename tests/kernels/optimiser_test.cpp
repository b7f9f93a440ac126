// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/optimiser.hpp"

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

TEMPLATE_TEST_CASE("adam kernel equals plain loops, with either kind of weight decay", "", float, double) {
  using Real = TestType;
  for (Index n : sizes_around(lanes<Real>))
    for (double decay : {0.0, 0.25}) {
      INFO("n " << n << ", decay " << decay);
      Guarded<Real> w(random_values<Real>(n, 1)), m(random_values<Real>(n, 2)),
          v(random_values<Real>(n, 3, 0, 1));
      Guarded<Real> g(random_values<Real>(n, 4));
      AdamStep<Real> step{Real(0.0625), Real(0.875), Real(0.75), Real(0.015625), Real(0.5), Real(0.625)};
      step.decay = static_cast<Real>(decay);
      step.shrink = static_cast<Real>(1 - decay / 4);
      auto w_want = doubles(w.copy()), m_want = doubles(m.copy()), v_want = doubles(v.copy());
      for (std::size_t i = 0; i < w_want.size(); ++i) {
        const double d = static_cast<double>(g.values()[i]) + decay * w_want[i];
        m_want[i] = 0.875 * m_want[i] + 0.125 * d;
        v_want[i] = 0.75 * v_want[i] + 0.25 * d * d;
        w_want[i] = w_want[i] * (1 - decay / 4) -
                    0.0625 * (m_want[i] / 0.5) / (std::sqrt(v_want[i] / 0.625) + 0.015625);
      }
      adam(w.data(), m.data(), v.data(), g.data(), n, step);
      check_close<Real>(w.values(), w_want);
      check_close<Real>(m.values(), m_want);
      check_close<Real>(v.values(), v_want);
      CHECK((w.intact() && m.intact() && v.intact() && g.intact()));
    }
}

TEMPLATE_TEST_CASE("sgd kernel equals plain loops in every mode", "", float, double) {
  using Real = TestType;
  for (Index n : sizes_around(lanes<Real>))
    for (bool with_velocity : {false, true})
      for (bool first : {false, true}) {
        INFO("n " << n << ", velocity " << with_velocity << ", first " << first);
        Guarded<Real> w(random_values<Real>(n, 1)), v(random_values<Real>(n, 2)),
            g(random_values<Real>(n, 3));
        auto w_want = doubles(w.copy()), v_want = doubles(v.copy());
        for (std::size_t i = 0; i < w_want.size(); ++i) {
          double d = static_cast<double>(g.values()[i]) + 0.125 * w_want[i];
          if (with_velocity) v_want[i] = d = (first ? d : 0.75 * v_want[i] + d);
          w_want[i] -= 0.0625 * d;
        }
        sgd(w.data(), with_velocity ? v.data() : nullptr, g.data(), n, Real(0.0625), Real(0.75), Real(0.125),
            first);
        check_close<Real>(w.values(), w_want);
        check_close<Real>(v.values(), v_want);
        CHECK((w.intact() && v.intact() && g.intact()));
      }
}

TEMPLATE_TEST_CASE("slots are summed in their order", "", float, double) {
  using Real = TestType;
  const Index stride = 4 * lanes<Real> + 16, slots = 5;
  for (Index begin : {Index{0}, Index{3}})
    for (Index n : sizes_around(lanes<Real>)) {
      Guarded<Real> parts(random_values<Real>(stride * slots, 1)), sum(random_values<Real>(stride, 2));
      std::vector<Real> want = sum.copy();
      for (Index i = begin; i < begin + n; ++i) {
        Real s = parts.data()[i];
        for (Index k = 1; k < slots; ++k) s += parts.data()[i + k * stride];
        want[static_cast<std::size_t>(i)] = s;
      }
      sum_slots(sum.data(), parts.data(), slots, stride, begin, begin + n);
      CHECK(sum.copy() == want);  // exactly: the order is fixed; and nothing outside of begin .. end
      CHECK(sum.intact());
    }
}
