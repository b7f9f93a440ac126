// SPDX-License-Identifier: MIT
// NT-Xent of SimCLR: each of 2B views against all others.
#pragma once

#include <vector>

#include "gyrograd/losses/info_nce.hpp"

namespace gyrograd::losses {

/// Sum of the two views' mean losses: -log softmax of the partner among the other 2B - 1 views, on cosine
/// similarities divided by tau (Chen et al. 2020; PRIMUS sheet §14.2). Chance level 2 ln(2B - 1); half of it
/// is the mean over the 2B views.   a, b: (B, width)  tau: ()
/// Throws ShapeError when a and b differ.
template <class Real, Index Ba, Index Ca, Index Bb, Index Cb>
Var<Real> nt_xent(Tape<Real>& tape, Var<Real, Ba, Ca> a, Var<Real, Bb, Cb> b, Var<Real> tau,
                  ThreadPool* pool = nullptr) {
  const Index B = a.extent(0), width = a.extent(1), n = 2 * B;
  if (b.extent(0) != B || b.extent(1) != width)
    fail<ShapeError>("NT-Xent: views are ", B, " x ", width, " and ", b.extent(0), " x ", b.extent(1),
                     "; every window needs two views of the same width");
  const auto u = ops::l2_normalise(tape, a), v = ops::l2_normalise(tape, b);
  auto loss = tape.template make<>();
  *loss.value.data() = Real(0);
  if (B == 0) return loss;
  const bool wanted = tape.recording();
  Real* dx = wanted ? tape.template saved<dyn>(n * width).data() : nullptr;
  const detail::Team team{pool};
  const std::vector<Real> weight(static_cast<std::size_t>(n), Real(1) / static_cast<Real>(B));
  auto scratch = tape.workspace();
  Real* x = scratch(n * width);  // both views below one another: (2B x width)
  for (Index c = 0; c < width; ++c) {
    std::copy_n(u.value.data() + c * B, B, x + c * n);
    std::copy_n(v.value.data() + c * B, B, x + c * n + B);
  }
  kernels::Contrast<Real> problem;
  problem.q = problem.k = x;
  problem.dq = dx;
  problem.dk = wanted ? scratch(n * width) : nullptr;
  problem.row_weight = weight.data();
  problem.exclude_self = true;
  problem.shift = B;
  problem.n = n;
  problem.width = width;
  problem.temperature = *tau.value.data();
  const auto result =
      kernels::contrast(problem, scratch(kernels::contrast_scratch(n, width, team.threads())), team);
  *loss.value.data() = result.loss;
  if (!wanted) return loss;
  kernels::add(dx, static_cast<const Real*>(dx), static_cast<const Real*>(problem.dk), n * width);
  tape.record(loss, [=, dtau = result.dtemperature] {
    const Real scale = *loss.grad().data();
    const auto add_half = [&](const auto& view, Index first) {
      if (!view.needs_gradient()) return;
      const auto d = view.grad();
      for (Index c = 0; c < width; ++c) {
        Real* to = d.data() + c * B;
        kernels::scale_add(to, static_cast<const Real*>(to), scale,
                           static_cast<const Real*>(dx + c * n + first), B);
      }
    };
    add_half(u, 0);
    add_half(v, B);
    if (tau.needs_gradient()) *tau.grad().data() += scale * dtau;
  });
  return loss;
}

}  // namespace gyrograd::losses
