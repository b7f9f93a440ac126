// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/window.hpp"

#include <map>
#include <tuple>
#include <vector>

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;

namespace {

using Links = std::map<std::tuple<Index, Index, Index>, int>;  // (output, input, tap number)

/// Every pair that meets, from the formula.
Links links_of(const Window& w) {
  Links links;
  for (Index b = 0; b < w.batch; ++b)
    for (Index oh = 0; oh < w.height.outputs(); ++oh)
      for (Index ow = 0; ow < w.width.outputs(); ++ow)
        for (Index kh = 0; kh < w.height.kernel; ++kh)
          for (Index kw = 0; kw < w.width.kernel; ++kw) {
            const Index h = oh * w.height.stride - w.height.padding + kh * w.height.dilation;
            const Index x = ow * w.width.stride - w.width.padding + kw * w.width.dilation;
            if (h < 0 || h >= w.height.size || x < 0 || x >= w.width.size) continue;
            ++links[{b + w.batch * (oh + w.height.outputs() * ow), b + w.batch * (h + w.height.size * x),
                     kh * w.width.kernel + kw}];
          }
  return links;
}

}  // namespace

TEST_CASE("runs of windows name every pair of output and input once") {
  const std::vector<std::pair<WindowAxis, WindowAxis>> cases{
      {{20, 5, 1, 0, 1}, {6, 1, 1, 0, 1}}, {{8, 2, 2, 0, 1}, {3, 1, 1, 0, 1}},
      {{9, 3, 1, 1, 1}, {7, 3, 2, 1, 1}},  {{13, 5, 2, 2, 1}, {1, 1, 1, 0, 1}},
      {{11, 3, 1, 2, 2}, {5, 2, 3, 0, 1}}, {{4, 4, 1, 0, 1}, {4, 2, 1, 1, 3}}};
  for (const auto& [height, width] : cases) {
    for (const Index batch : {1, 3}) {
      const Window w{batch, height, width};
      INFO("batch " << batch << ", H " << height.size << ", kernel " << height.kernel);
      Links forward, backward;
      std::vector<int> outputs(static_cast<std::size_t>(w.output_plane())),
          inputs(static_cast<std::size_t>(w.input_plane()));
      for_each_output_run(w, [&](const WindowRun& run) {
        for (Index p = 0; p < run.count; ++p) {
          ++outputs[static_cast<std::size_t>(run.out + p)];
          for (std::size_t t = 0; t < static_cast<std::size_t>(run.taps); ++t)
            ++forward[{run.out + p, run.at[t] + p, run.index[t]}];
        }
      });
      for_each_input_run(w, [&](const WindowRun& run) {
        for (Index p = 0; p < run.count; ++p) {
          ++inputs[static_cast<std::size_t>(run.out + p)];
          for (std::size_t t = 0; t < static_cast<std::size_t>(run.taps); ++t)
            ++backward[{run.at[t] + p, run.out + p, run.index[t]}];
        }
      });
      const Links want = links_of(w);
      CHECK(forward == want);
      CHECK(backward == want);
      CHECK(outputs == std::vector<int>(outputs.size(), 1));
      CHECK(inputs == std::vector<int>(inputs.size(), 1));
    }
  }
}

TEST_CASE("without padding and with stride 1 a column of outputs is one run") {
  Index runs = 0, taps = 0;
  for_each_output_run(Window{4, {20, 5, 1, 0, 1}, {6, 1, 1, 0, 1}}, [&](const WindowRun& run) {
    ++runs;
    taps = run.taps;
    CHECK(run.count == 4 * 16);
  });
  CHECK(runs == 6);
  CHECK(taps == 5);
}

TEST_CASE("a window that does not fit has no outputs") {
  CHECK(WindowAxis{3, 4, 1, 0, 1}.outputs() == 0);
  CHECK(WindowAxis{3, 2, 1, 0, 3}.outputs() == 0);
  CHECK(WindowAxis{3, 3, 5, 0, 1}.outputs() == 1);
}
