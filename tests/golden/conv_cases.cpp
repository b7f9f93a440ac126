// SPDX-License-Identifier: MIT
// Golden cases of convolution, pooling and batch norm: (B, C, H, W) in the files, (B, H, W, C) here.
#include "golden/model_case.hpp"
#include "golden/registry.hpp"
#include "golden/tape_case.hpp"
#include "gyrograd/autograd/ops/batch_norm.hpp"
#include "gyrograd/autograd/ops/conv1d.hpp"
#include "gyrograd/autograd/ops/max_over_time.hpp"
#include "gyrograd/autograd/ops/max_pool1d.hpp"

using namespace gyrograd;
using namespace gyrograd::golden;

namespace {

/// An operation on an image: the case holds (B, C, H, W), (B, C, T) or (B, C).
template <class Real>
class ImageCase : public TapeCase<Real> {
 public:
  explicit ImageCase(const Case& c) : TapeCase<Real>(c), c_(c) {}

  Var<Real, dyn, dyn, dyn, dyn> image(const std::string& name) {
    const Array& a = c_.at("input." + name);
    const std::array<Index, 4> n = sizes(a);
    memory_.assign(a.values.size(), Real(0));
    const Tensor<Real, dyn, dyn, dyn, dyn> x(memory_.data(), n[0], n[2], n[3], n[1]);
    each(a, [&](std::size_t row, Index b, Index c, Index h, Index w) {
      x(b, h, w, c) = static_cast<Real>(a.values[row]);
    });
    x_ = this->tape.input(x);
    return x_;
  }
  Var<Real, dyn, dyn, dyn> sequence(const std::string& name) {
    const auto x = image(name);
    return x.template reshape<dyn, dyn, dyn>(x.extent(0), x.extent(1), x.extent(3));
  }

  /// Compares output.y and sets its gradient.
  template <Index... Dims>
  void check(const Var<Real, Dims...>& y) {
    const Array& want = c_.at("output.y");
    const Array& dy = c_.at("grad_output.y");
    const std::array<Index, 4> n = sizes(want);
    const auto v = y.template reshape<dyn, dyn, dyn, dyn>(n[0], n[2], n[3], n[1]);
    REQUIRE(y.value.size() == want.size());
    std::vector<Real> got(want.values.size());
    each(want, [&](std::size_t row, Index b, Index c, Index h, Index w) {
      got[row] = v.value(b, h, w, c);
      v.grad()(b, h, w, c) += static_cast<Real>(dy.values[row]);
    });
    expect_rows(c_, "output.y", got, c_.template tolerance<Real>());
    this->check_gradients();
    const Array& dx = c_.at("grad.x");
    got.assign(dx.values.size(), Real(0));
    each(dx, [&](std::size_t row, Index b, Index c, Index h, Index w) { got[row] = x_.grad()(b, h, w, c); });
    expect_rows(c_, "grad.x", got, c_.template gradient_tolerance<Real>());
  }

 private:
  static std::array<Index, 4> sizes(const Array& a) {
    std::array<Index, 4> n{1, 1, 1, 1};
    std::copy(a.shape.begin(), a.shape.end(), n.begin());
    return n;
  }
  template <class F>
  static void each(const Array& a, F&& f) {
    const std::array<Index, 4> n = sizes(a);
    std::size_t row = 0;
    for (Index b = 0; b < n[0]; ++b)
      for (Index c = 0; c < n[1]; ++c)
        for (Index h = 0; h < n[2]; ++h)
          for (Index w = 0; w < n[3]; ++w) f(row++, b, c, h, w);
  }

  const Case& c_;
  AlignedVector<Real> memory_;
  Var<Real, dyn, dyn, dyn, dyn> x_;
};

/// The pair of a two-dimensional attribute.
ops::Stride along(const Case& c, std::size_t axis) {
  const auto number = [&](const char* key, Index missing) {
    return c.has_attribute(key) ? c.json(key).at(axis).get<Index>() : missing;
  };
  return {number("stride", 1), number("padding", 0), number("dilation", 1)};
}
ops::Stride along_time(const Case& c) {
  return {c.integer("stride"), c.integer("padding"), c.has_attribute("dilation") ? c.integer("dilation") : 1};
}
Index kernel(const Case& c, std::size_t axis) {
  return c.json("kernel").at(axis).get<Index>();
}

template <class Real>
Var<Real, dyn> bias_of(TapeCase<Real>& run, const Case& c) {
  return c.flag("bias") ? run.parameter("bias") : Var<Real, dyn>{};
}

template <class Real>
void check_conv1d(const Case& c) {
  ImageCase<Real> run(c);
  const auto x = run.sequence("x");
  const auto w = run.parameter("weight");
  run.check(ops::conv1d(run.tape, x, w, bias_of<Real>(run, c), c.integer("kernel"), along_time(c)));
}

template <class Real>
void check_conv2d(const Case& c) {
  ImageCase<Real> run(c);
  const auto x = run.image("x");
  const auto w = run.parameter("weight");
  run.check(ops::conv2d(run.tape, x, w, bias_of<Real>(run, c), kernel(c, 0), kernel(c, 1), along(c, 0),
                        along(c, 1)));
}

template <class Real>
void check_max_pool1d(const Case& c) {
  ImageCase<Real> run(c);
  run.check(ops::max_pool1d(run.tape, run.sequence("x"), c.integer("kernel"), along_time(c)));
}

template <class Real>
void check_max_pool2d(const Case& c) {
  ImageCase<Real> run(c);
  run.check(ops::max_pool2d(run.tape, run.image("x"), kernel(c, 0), kernel(c, 1), along(c, 0), along(c, 1)));
}

template <class Real>
void check_max_over_time(const Case& c) {
  ImageCase<Real> run(c);
  run.check(ops::max_over_time(run.tape, run.sequence("x")));
}

template <class Real>
void check_batch_norm(const Case& c) {
  ImageCase<Real> run(c);
  std::vector<Real> mean = c.values<Real>("input.running_mean"),
                    variance = c.values<Real>("input.running_var");
  const auto x = run.image("x");
  const auto gamma = run.parameter("weight"), beta = run.parameter("bias");
  const bool train = c.text("mode") == "train";
  run.check(ops::batch_norm(run.tape, x, gamma, beta, {mean.data(), variance.data()},
                            train ? ops::Statistics::batch_and_store : ops::Statistics::stored,
                            static_cast<Real>(c.number("eps")), static_cast<Real>(c.number("momentum"))));
  expect_rows(c, "output.running_mean", mean, c.tolerance<Real>());
  expect_rows(c, "output.running_var", variance, c.tolerance<Real>());
}

const Register registered[] = {
    {"op_conv1d", check_conv1d<double>, check_conv1d<float>},
    {"op_conv2d", check_conv2d<double>, check_conv2d<float>},
    {"op_max_pool1d", check_max_pool1d<double>, check_max_pool1d<float>},
    {"op_max_pool2d", check_max_pool2d<double>, check_max_pool2d<float>},
    {"op_max_over_time", check_max_over_time<double>, check_max_over_time<float>},
    {"op_batch_norm", check_batch_norm<double>, check_batch_norm<float>},
};

}  // namespace
