// SPDX-License-Identifier: MIT
#include "gyrograd/core/random.hpp"

#include <algorithm>
#include <cstring>
#include <set>
#include <type_traits>

#include "support/catch.hpp"

using namespace gyrograd;

static_assert(WordGenerator<Philox> && WordGenerator<Mt19937>);
static_assert(std::is_trivially_copyable_v<Philox> && std::is_trivially_copyable_v<Mt19937>);

TEST_CASE("philox4x32 gives the known answers of Random123") {
  using Block = std::array<std::uint32_t, 4>;
  const std::uint32_t ones = 0xFFFFFFFFu;
  CHECK(philox4x32({0, 0, 0, 0}, {0, 0}) == Block{0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u});
  CHECK(philox4x32({ones, ones, ones, ones}, {ones, ones}) ==
        Block{0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu});
  CHECK(philox4x32({0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u}, {0xa4093822u, 0x299f31d0u}) ==
        Block{0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u});
}

TEST_CASE("philox streams differ by every part of their address") {
  std::set<std::uint64_t> first;
  const auto add = [&](Philox g) { first.insert(std::uint64_t{g()} << 32 | g()); };
  add(Philox(1, 2, 3, Purpose::mask));
  add(Philox(2, 2, 3, Purpose::mask));
  add(Philox(1 + (std::uint64_t{1} << 32), 2, 3, Purpose::mask));
  add(Philox(1, 3, 3, Purpose::mask));
  add(Philox(1, 2, 4, Purpose::mask));
  add(Philox(1, 2, 3 + (std::uint64_t{1} << 32), Purpose::mask));
  add(Philox(1, 2, 3, Purpose::dropout));
  CHECK(first.size() == 7);
}

TEST_CASE("philox resumes from a copy and from a position") {
  Philox g(42, 1, 7, Purpose::synth);
  for (int i = 0; i < 5; ++i) g();
  Philox copy = g;
  Philox other(42, 1, 7, Purpose::synth);
  other.seek(g.position());
  for (int i = 0; i < 9; ++i) {
    const std::uint32_t word = g();
    CHECK(copy() == word);
    CHECK(other() == word);
  }
  CHECK(g.position() == 14);
}

TEST_CASE("mt19937 words equal the standard's and resume from a copy") {
  Mt19937 g(3431);
  for (std::uint32_t want : {1211964472u, 2964424334u, 4080484469u, 1832958145u, 1428187866u})
    CHECK(g() == want);
  Mt19937 standard;
  for (int i = 1; i < 10000; ++i) standard();
  CHECK(standard() == 4123659995u);  // 10000th output that the C++ standard demands of std::mt19937
  Mt19937 copy = standard;
  CHECK(copy() == standard());
  CHECK(standard.position() == 10001);
}

TEST_CASE("laws over mt19937 equal numpy.random.RandomState(7)") {
  Mt19937 g(7);
  CHECK(permutation(g, 9) == std::vector<Index>{2, 7, 0, 8, 5, 3, 6, 1, 4});
  CHECK(uniform_double(g) == 0.5384958704104337);
  for (Index want : {8, 9, 10, 10, 8, 7}) CHECK(random_index(g, 13) == want);
  for (Index want : {990759748676, 759366276991, 581456714668})
    CHECK(random_index(g, Index{1} << 40) == want);
  Mt19937 h(7);
  const std::array<double, 4> weights{1, 2, 3, 4};
  const DiscreteLaw law(weights);
  for (Index want : {0, 3, 2, 3, 3, 2, 2, 0, 1, 2, 3, 3}) CHECK(law(h) == want);
}

TEST_CASE("a range of one value draws nothing") {
  Mt19937 g(1);
  CHECK(bounded(g, 0) == 0);
  CHECK(random_index(g, 1) == 0);
  CHECK(g.position() == 0);
  CHECK_THROWS_AS(random_index(g, 0), ConfigError);
}

TEST_CASE("torch fills equal torch.Tensor.uniform_ and normal_ after manual_seed(11)") {
  Mt19937 g(11);
  std::array<float, 4> u{};
  torch_uniform(g, std::span<float>(u), -0.5f, 0.25f);
  const std::array<float, 4> want{-0x1.8d8934p-2f, -0x1.14a786p-3f, 0x1.e9f9ep-3f, -0x1.7eaafp-2f};
  for (std::size_t i = 0; i < 4; ++i) CHECK(std::fabs(u[i] - want[i]) <= 6e-8f);

  Mt19937 h(11);
  std::array<float, 21> n{};
  torch_normal(h, std::span<float>(n));
  const std::array<float, 21> normals{-0.5107975602149963f,  1.0282717943191528f,   -0.3531515896320343f,
                                      0.12299131602048874f,  -0.18155446648597717f, -1.0964387655258179f,
                                      1.3665976524353027f,   0.6892819404602051f,   0.07443918287754059f,
                                      -0.18429554998874664f, 0.7960367798805237f,   0.9592342972755432f,
                                      0.7782747149467468f,   -1.1686294078826904f,  -1.3241941928863525f,
                                      1.1267435550689697f,   1.9112735986709595f,   0.2979040741920471f,
                                      -0.7041229605674744f,  0.4983002841472626f,   -0.04881276935338974f};
  for (std::size_t i = 0; i < n.size(); ++i) CHECK(std::fabs(n[i] - normals[i]) <= 2e-6f);
  CHECK(h.position() == 37);

  Mt19937 d(11);
  std::array<double, 21> wide{};
  torch_normal(d, std::span<double>(wide));
  for (std::size_t i = 0; i < n.size(); ++i) CHECK(static_cast<float>(wide[i]) == n[i]);
  std::array<float, 15> few{};
  CHECK_THROWS_AS(torch_normal(h, std::span<float>(few)), ConfigError);
}

TEST_CASE("philox laws have the right moments") {
  Philox g(5, 0, 0, Purpose::synth);
  const int count = 20000;
  double mean = 0, square = 0, flat = 0, narrow = 0;
  std::array<int, 6> face{};
  for (int i = 0; i < count; ++i) {
    const double x = normal(g);
    mean += x / count;
    square += x * x / count;
    flat += uniform(g, -1.0, 3.0) / count;
    narrow += static_cast<double>(uniform_float(g)) / count;
    ++face[static_cast<std::size_t>(random_index(g, 6))];
  }
  CHECK(std::fabs(mean) < 0.03);
  CHECK(std::fabs(square - 1) < 0.05);
  CHECK(std::fabs(flat - 1) < 0.04);
  CHECK(std::fabs(narrow - 0.5) < 0.01);
  for (int f : face) CHECK(std::abs(f - count / 6) < 250);
}

TEST_CASE("discrete law refuses weights that are no law") {
  const std::vector<double> none, zero{0, 0}, negative{1, -1}, odd{1, std::nan("")};
  CHECK_THROWS_AS(DiscreteLaw(none), ConfigError);
  CHECK_THROWS_AS(DiscreteLaw(zero), ConfigError);
  CHECK_THROWS_AS(DiscreteLaw(negative), ConfigError);
  CHECK_THROWS_AS(DiscreteLaw(odd), ConfigError);
}
