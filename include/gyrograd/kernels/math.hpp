// SPDX-License-Identifier: MIT
// Elementary functions on vectors: exp2, exp, log, tanh, sigmoid, and GELU with its derivative.
//
// float: own polynomials (minimax fits on the ranges named below). Limits of the error hold for all floats
// and are checked for every one of them; docs/kernels/math.md has the table. NaN gives NaN. double: xsimd's
// functions, at most 3 ULP unless said otherwise; double serves gradient checks and reference runs, not
// speed.
#pragma once

#include <cmath>
#include <cstdint>
#include <type_traits>

#include "gyrograd/kernels/simd.hpp"

namespace gyrograd::kernels {

namespace detail {

#if defined(GYROGRAD_SCALAR)
GYROGRAD_INLINE Batch<float> add_exponent(Batch<float> mantissa, Batch<float> shifted) {
  std::int32_t bits, steps;
  std::memcpy(&bits, &mantissa.data, 4);
  std::memcpy(&steps, &shifted.data, 4);
  bits =
      static_cast<std::int32_t>(static_cast<std::uint32_t>(bits) + (static_cast<std::uint32_t>(steps) << 23));
  float y;
  std::memcpy(&y, &bits, 4);
  return y;
}
GYROGRAD_INLINE Batch<float> power_of_two(Batch<float> shifted) {
  std::uint32_t bits;
  std::memcpy(&bits, &shifted.data, 4);
  bits <<= 23;
  float y;
  std::memcpy(&y, &bits, 4);
  return y;
}
#else
/// mantissa * 2^n where the low bits of `shifted` (a float that went through round_magic) hold n.
GYROGRAD_INLINE Batch<float> add_exponent(Batch<float> mantissa, Batch<float> shifted) {
  const Batch<std::int32_t> steps = bits_as<std::int32_t>(shifted) << 23;
  return bits_as<float>(Batch<std::int32_t>(bits_as<std::int32_t>(mantissa) + steps));
}
/// 2^n where the low bits of `shifted` (a float that went through power_magic) hold n + 127.
GYROGRAD_INLINE Batch<float> power_of_two(Batch<float> shifted) {
  return bits_as<float>(Batch<std::int32_t>(bits_as<std::int32_t>(shifted) << 23));
}
#endif

/// 1.5 * 2^23: adding it rounds a float of magnitude below 2^22 to an integer held in the low mantissa bits.
inline constexpr float round_magic = 12582912.0F;
inline constexpr float power_magic = round_magic + 127.0F;

#if defined(GYROGRAD_AVX512)
/// 2^(i / 32).
alignas(64) inline constexpr float powers_of_two[32] = {
    1.0F,        1.0218972F,  1.04427373F, 1.06714046F, 1.09050775F, 1.1143868F,  1.13878858F, 1.1637249F,
    1.18920708F, 1.21524739F, 1.24185777F, 1.26905096F, 1.29683959F, 1.32523668F, 1.35425556F, 1.38390994F,
    1.41421354F, 1.44518077F, 1.47682619F, 1.50916445F, 1.54221082F, 1.5759809F,  1.61049032F, 1.64575553F,
    1.68179286F, 1.71861935F, 1.75625217F, 1.79470909F, 1.8340081F,  1.87416768F, 1.91520655F, 1.95714414F};
/// GELU's distance from max(0, x) at |x| = i / 4 + r, |r| <= 1/8, as a polynomial in r: coefficients of r^0,
/// r^1, ... of each i. Own fit; at i = 0 exactly r / 2 at first, so that small values keep their digits.
// clang-format off
alignas(64) inline constexpr float gelu_pieces[5][32] = {
    {0.0F, 0.100323416F, 0.154268771F, 0.169970512F, 0.158655256F, 0.132062212F, 0.100210801F, 0.0701035261F,
     0.0455002636F, 0.0275050625F, 0.0155241629F, 0.00819434877F, 0.00404969417F, 0.00187533128F, 0.000814201776F, 0.000331564865F,
     0.000126685001F, 4.5426259e-05F, 1.52895445e-05F, 4.83115309e-06F, 1.43326122e-06F, 3.99261836e-07F, 1.04443117e-07F, 2.56576715e-08F,
     5.91958216e-09F, 1.28268107e-09F, 2.61044436e-10F, 4.98988351e-11F, 8.95893949e-12F, 1.51085112e-12F, 2.39327628e-13F, 3.56103561e-14F},
    {0.5F, 0.304627717F, 0.132506579F, 0.000776014698F, -0.08331424F, -0.122661114F, -0.127469391F, -0.110926755F,
     -0.0852324888F, -0.0591902919F, -0.03761141F, -0.022027662F, -0.0119456472F, -0.00601732545F, -0.00282169576F, -0.00123376527F,
     -0.000503616291F, -0.000192096864F, -6.85197374e-05F, -2.28688186e-05F, -7.14519592e-06F, -2.09073869e-06F, -5.73119053e-07F, -1.47221414e-07F,
     -3.54471688e-08F, -8.00138622e-09F, -1.69355219e-09F, -3.36161737e-10F, -6.25853327e-11F, -1.09300641e-11F, -1.79078746e-12F, -2.75281371e-13F},
    {-0.39894402F, -0.374583155F, -0.308056563F, -0.216443002F, -0.120986558F, -0.0399558134F, 0.0161887389F, 0.0458344258F,
     0.0539910533F, 0.0486016907F, 0.0372480229F, 0.0252917577F, 0.0155115845F, 0.00868691038F, 0.00447248854F, 0.00212656218F,
     0.00093678222F, 0.000383219565F, 0.000145839469F, 5.17034023e-05F, 1.70944422e-05F, 5.27553766e-06F, 1.52079315e-06F, 4.09758343e-07F,
     1.03243075e-07F, 2.43364759e-08F, 5.36882849e-09F, 1.10883325e-09F, 2.14456675e-10F, 3.88513666e-11F, 6.59417659e-12F, 1.04878367e-12F},
    {5.78778345e-05F, 0.0631660819F, 0.109582782F, 0.128950074F, 0.120670751F, 0.0926305354F, 0.0567166768F, 0.023745928F,
     0.000175377747F, -0.0125062456F, -0.0163493883F, -0.0148154292F, -0.0110795433F, -0.00722691044F, -0.00421631057F, -0.00223063119F,
     -0.00107918622F, -0.00048013567F, -0.000197212081F, -7.49986939e-05F, -2.64649934e-05F, -8.68013103e-06F, -2.64975597e-06F, -7.53683253e-07F,
     -1.9992622e-07F, -4.94969612e-08F, -1.14444365e-08F, -2.47261256e-09F, -4.99423947e-10F, -9.43437689e-11F, -1.66741725e-11F, -2.75804076e-12F},
    {0.0659849271F, 0.0572411194F, 0.0338397026F, 0.004820331F, -0.0199993365F, -0.0340340845F, -0.0359565243F, -0.0289144851F,
     -0.0180090982F, -0.00772996154F, -0.000555327162F, 0.00308775599F, 0.00404366618F, 0.0035128009F, 0.00248539168F, 0.00152208656F,
     0.000829336641F, 0.000408100022F, 0.000183033335F, 7.5278389e-05F, 2.85137321e-05F, 9.97830739e-06F, 3.23390577e-06F, 9.72494263e-07F,
     2.71765373e-07F, 7.06619758e-08F, 1.71122583e-08F, 3.86307253e-09F, 8.135424e-10F, 1.59927141e-10F, 2.93626339e-11F, 5.03738154e-12F}};
// clang-format on
/// The same of degree 5, for value and slope from one set of coefficients: fitted so that its derivative in r
/// is as exact as it can be. At i = 0 exactly r / 2 at first.
// clang-format off
alignas(64) inline constexpr float gelu_pair_pieces[6][32] = {
    {0.0F, 0.100323416F, 0.154268771F, 0.169970512F, 0.158655256F, 0.132062212F, 0.100210801F, 0.0701035261F,
     0.0455002636F, 0.0275050625F, 0.0155241629F, 0.00819434877F, 0.0040496937F, 0.00187533128F, 0.000814201776F, 0.000331564865F,
     0.000126685001F, 4.54262627e-05F, 1.52895464e-05F, 4.831154e-06F, 1.43326179e-06F, 3.99262035e-07F, 1.04443188e-07F, 2.56576964e-08F,
     5.9195906e-09F, 1.2826834e-09F, 2.61045074e-10F, 4.98989912e-11F, 8.95897679e-12F, 1.51085904e-12F, 2.393292e-13F, 3.56106508e-14F},
    {0.5F, 0.304626644F, 0.13250488F, 0.000774282846F, -0.0833154693F, -0.122661583F, -0.127469197F, -0.110926151F,
     -0.0852318034F, -0.0591897443F, -0.0376110859F, -0.0220275335F, -0.0119456463F, -0.00601738086F, -0.00282176025F, -0.0012338165F,
     -0.000503649702F, -0.000192115724F, -6.85291961e-05F, -2.28730987e-05F, -7.14695761e-06F, -2.09140285e-06F, -5.73349382e-07F, -1.47295111e-07F,
     -3.54689789e-08F, -8.00736899e-09F, -1.69507564e-09F, -3.3652231e-10F, -6.26647484e-11F, -1.09463549e-11F, -1.79390248e-12F, -2.75836916e-13F},
    {-0.398941785F, -0.374582916F, -0.308056474F, -0.216443077F, -0.120986737F, -0.0399560183F, 0.0161885843F, 0.0458343625F,
     0.0539910644F, 0.0486017428F, 0.0372480825F, 0.0252918024F, 0.0155116469F, 0.00868691783F, 0.00447248714F, 0.00212655752F,
     0.00093677768F, 0.000383216393F, 0.000145837606F, 5.17024455e-05F, 1.70940057e-05F, 5.27535849e-06F, 1.52072607e-06F, 4.09735378e-07F,
     1.03235841e-07F, 2.43343745e-08F, 5.36826494e-09F, 1.10869314e-09F, 2.14424367e-10F, 3.8844445e-11F, 6.59279836e-12F, 1.04852823e-12F},
    {-2.613588e-05F, 0.0634367391F, 0.110018924F, 0.129393712F, 0.120984785F, 0.0927516893F, 0.0566646345F, 0.0235922076F,
     5.07161815e-07F, -0.0126460828F, -0.0164328478F, -0.0148482565F, -0.0110797891F, -0.0072127413F, -0.00419983407F, -0.00221750536F,
     -0.00107063283F, -0.000475309876F, -0.000194791995F, -7.39041134e-05F, -2.60144207e-05F, -8.51029108e-06F, -2.59087642e-06F, -7.34848868e-07F,
     -1.94353348e-07F, -4.79686726e-08F, -1.10553762e-08F, -2.38054998e-09F, -4.79152995e-10F, -9.01866706e-11F, -1.58795338e-11F, -2.61636112e-12F},
    {0.0669649169F, 0.0572255589F, 0.0338338576F, 0.00482491637F, -0.0199876055F, -0.0340209678F, -0.0359467156F, -0.0289105512F,
     -0.0180098563F, -0.00773337856F, -0.00055911782F, 0.00308492337F, 0.00403978024F, 0.00351232314F, 0.00248548272F, 0.0015223854F,
     0.000829625234F, 0.000408303924F, 0.000183153126F, 7.53396598e-05F, 2.854165e-05F, 9.98978794e-06F, 3.23820223e-06F, 9.73966053e-07F,
     2.72228817e-07F, 7.07965384e-08F, 1.71483752e-08F, 3.87205024e-09F, 8.15612633e-10F, 1.60370578e-10F, 2.9450959e-11F, 5.05375602e-12F},
    {-0.0036255992F, -0.013866758F, -0.022339141F, -0.0227217898F, -0.016083641F, -0.00620768964F, 0.00267502735F, 0.00787512865F,
     0.00895612966F, 0.00716101285F, 0.00427337317F, 0.00168072036F, 1.39105841e-05F, -0.000726135098F, -0.000843874412F, -0.000672128575F,
     -0.000437920011F, -0.000247045507F, -0.000123876554F, -5.60220324e-05F, -2.30583864e-05F, -8.69071391e-06F, -3.01253294e-06F, -9.63532329e-07F,
     -2.8506355e-07F, -7.81650797e-08F, -1.98961523e-08F, -4.70735451e-09F, -1.03635434e-09F, -2.12501405e-10F, -4.06141995e-11F, -7.24019152e-12F}};
// clang-format on

/// table[i mod 32] for the i in the low bits of each lane of `at`: one instruction, two registers hold the
/// table.
GYROGRAD_INLINE Batch<float> look_up(const float* table, Batch<float> at) {
  return Batch<float>(
      _mm512_permutex2var_ps(_mm512_load_ps(table), _mm512_castps_si512(at), _mm512_load_ps(table + 16)));
}
#elif defined(GYROGRAD_AVX2)
/// 1.5 * 2^20: adding it rounds to eighths.
inline constexpr float eighths_magic = 1572864.0F;
/// Bits of 2^(i / 8) less i << 20.
alignas(32) inline constexpr std::int32_t eighth_powers[8] = {0x3f800000, 0x3f7b95c2, 0x3f7837f0, 0x3f75fed7,
                                                              0x3f7504f3, 0x3f75672a, 0x3f7744fd, 0x3f7ac0c7};

/// 2^(k / 8) where the low bits of `shifted` (a float that went through eighths_magic) hold k.
GYROGRAD_INLINE Batch<float> power_of_eighths(Batch<float> shifted) {
  const __m256i k = _mm256_castps_si256(shifted);
  const __m256i table = _mm256_load_si256(reinterpret_cast<const __m256i*>(eighth_powers));
  const __m256i bits = _mm256_add_epi32(_mm256_permutevar8x32_epi32(table, k), _mm256_slli_epi32(k, 20));
  return Batch<float>(_mm256_castsi256_ps(bits));
}
#endif

}  // namespace detail

/// 2^x for x in [-126, 127]. At most 4 ULP (float).
GYROGRAD_INLINE Batch<float> exp2_in_range(Batch<float> x) {
  using V = Batch<float>;
#if defined(GYROGRAD_AVX512)
  // x = floor(x) + i / 32 + r, 0 <= r < 1/32: 2^r is a parabola, 2^(i / 32) stands in a table, one
  // instruction multiplies by 2^floor(x).
  const V r(_mm512_reduce_ps(x, 5 << 4 | _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC));
  const V at(_mm512_add_round_ps(x, V(detail::round_magic / 32), _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC));
  const V p = fma(fma(V(0.242652714F), r, V(0.693123758F)), r, V(1.0F));
  return V(_mm512_scalef_ps(p * detail::look_up(detail::powers_of_two, at), x));
#elif defined(GYROGRAD_AVX2)
  // x = k / 8 + r, |r| <= 1/16: 2^r is a cubic, 2^(k / 8) comes from a table of eight.
  const V shifted = x + V(detail::eighths_magic);
  const V r = x - (shifted - V(detail::eighths_magic));
  V p = fma(V(0.0554989018F), r, V(0.240264073F));
  p = fma(p, r, V(0.693147182F));
  p = fma(p, r, V(1.0F));
  return p * detail::power_of_eighths(shifted);  // a product: NaN stays NaN
#else
  const V shifted = x + V(detail::power_magic);
  const V r = x - (shifted - V(detail::power_magic));
  V p = fma(V(1.327647187e-3F), r, V(9.675541333e-3F));
  p = fma(p, r, V(5.550713274e-2F));
  p = fma(p, r, V(2.402211972e-1F));
  p = fma(p, r, V(6.931469671e-1F));
  p = fma(p, r, V(1.000000072F));
  return p * detail::power_of_two(shifted);  // a product, not a sum of exponents: NaN stays NaN
#endif
}
GYROGRAD_INLINE Batch<double> exp2_in_range(Batch<double> x) {
#if defined(GYROGRAD_SCALAR)
  return std::exp2(x.data);
#else
  return xsimd::exp2(x);
#endif
}

/// 2^x for x in [-126, 127]; smaller x give 2^-126, larger ones 2^127. The order of the operands lets NaN
/// through.
GYROGRAD_INLINE Batch<float> exp2_clamped(Batch<float> x) {
  using V = Batch<float>;
  return exp2_in_range(min(V(127.0F), max(V(-126.0F), x)));
}
GYROGRAD_INLINE Batch<double> exp2_clamped(Batch<double> x) {
  return exp2_in_range(x);
}

/// 2^x for x at most 127, in practice not above 0 but for rounding: exponents of a softmax. Below -126:
/// something from 0 to 2^-126 (float).
GYROGRAD_INLINE Batch<float> exp2_nonpositive(Batch<float> x) {
#if defined(GYROGRAD_AVX512)
  return exp2_in_range(x);  // the multiplication by 2^floor(x) ends in 0
#else
  return exp2_in_range(max(Batch<float>(-126.0F), x));
#endif
}
GYROGRAD_INLINE Batch<double> exp2_nonpositive(Batch<double> x) {
  return exp2_in_range(x);
}

/// e^x. float: at most 3 ULP; results below 2^-126 become 0.
GYROGRAD_INLINE Batch<float> exp(Batch<float> x) {
  using V = Batch<float>;
  const V clamped = min(max(x, V(-87.33654F)), V(88.722839F));
  const V shifted = fma(clamped, V(1.44269504F), V(detail::round_magic));
  const V n = shifted - V(detail::round_magic);
  V r = fnma(n, V(0.693359375F), clamped);  // ln 2 in two parts: the first product is exact
  r = fnma(n, V(-2.12194440e-4F), r);
  V p = fma(V(1.381459851e-3F), r, V(8.368716884e-3F));
  p = fma(p, r, V(4.166838805e-2F));
  p = fma(p, r, V(1.666652063e-1F));
  p = fma(p, r, V(4.999999345e-1F));
  p = fma(p, r * r, r) + V(1.0F);
  V y = detail::add_exponent(p, shifted);
  y = select(x < V(-87.33654F), V(0.0F), y);
  // Up to the largest finite result: from 88.376 on n is 128, but p is below 1 there.
  y = select(x < V(88.722839F), y, V(std::numeric_limits<float>::infinity()));
  return select(x == x, y, x);  // NOLINT(misc-redundant-expression): false for NaN
}
GYROGRAD_INLINE Batch<double> exp(Batch<double> x) {
#if defined(GYROGRAD_SCALAR)
  return std::exp(x.data);
#else
  return xsimd::exp(x);
#endif
}

/// Natural logarithm (both precisions: xsimd; float at most 1 ULP, double 2).
template <class Real>
GYROGRAD_INLINE Batch<Real> log_lanes(Batch<Real> x) {
#if defined(GYROGRAD_SCALAR)
  return std::log(x.data);
#elif defined(GYROGRAD_AVX512) && !defined(__OPTIMIZE__)
  // The shifts of xsimd 8.1 do not compile at -O0, where g++ has macros for these intrinsics.
  Real values[static_cast<std::size_t>(lanes<Real>)];
  store(values, x);
  for (Real& v : values) v = std::log(v);
  return load(static_cast<const Real*>(values));
#else
  return xsimd::log(x);
#endif
}

/// Hyperbolic tangent. float: rational x P(x^2) / Q(x^2) of degrees 4, 4 on |x| <= 9, at most 9 ULP: may pass
/// 1 by 3 of them.
GYROGRAD_INLINE Batch<float> tanh(Batch<float> x) {
  using V = Batch<float>;
  const V c = min(V(9.0F), max(V(-9.0F), x));  // in this order NaN stays
  const V t = c * c;
  V p = fma(V(1.335442422e-8F), t, V(2.060875932e-5F));
  p = fma(p, t, V(3.495568424e-3F));
  p = fma(p, t, V(0.1338100912F));
  p = fma(p, t, V(0.9999999795F));
  V q = fma(V(7.776376796e-7F), t, V(3.285602592e-4F));
  q = fma(q, t, V(2.58769074e-2F));
  q = fma(q, t, V(0.4671432472F));
  q = fma(q, t, V(1.0F));
  return divide(c * p, q);
}
GYROGRAD_INLINE Batch<double> tanh(Batch<double> x) {
#if defined(GYROGRAD_SCALAR)
  return std::tanh(x.data);
#else
  return xsimd::tanh(x);
#endif
}

/// Logistic function 1 / (1 + e^-x). float: absolute error below 1.2e-7, at most 64 ULP of results above
/// 2^-126.
template <class Real>
GYROGRAD_INLINE Batch<Real> sigmoid(Batch<Real> x) {
  using V = Batch<Real>;
  if constexpr (std::is_same_v<Real, float>) {
    const V e = exp2_clamped(x * V(-1.44269504F));
    return divide(V(1.0F), V(1.0F) + e);
  } else {
    return V(1.0) / (V(1.0) + exp(V(0.0) - x));
  }
}

/// GELU x Phi(x) and its derivative Phi(x) + x phi(x), computed together. float, absolute error 4.4e-7 of the
/// value, 3.4e-7 of the slope, 1 ULP more where they are large (slope: |x| <= 1e30). On AVX-512 as in
/// gelu_value, with a polynomial of degree 5 that gives its derivative as well. Elsewhere both need
/// exp(-x^2 / 2): erfc(z) = exp(-z^2) t (a1 + ... + a6 t^5), t = 1 / (1 + 0.39 z) (form of Abramowitz and
/// Stegun 7.1.26, own fit). double: xsimd's erfc and exp, absolute error 2e-14 of the value, 6e-15 of the
/// slope.
template <class Real>
GYROGRAD_INLINE void gelu_pair(Batch<Real>& y, Batch<Real>& slope, Batch<Real> x) {
  using V = Batch<Real>;
  if constexpr (std::is_same_v<Real, float>) {
#if defined(GYROGRAD_AVX512)
    const V z = min(V(7.87F), abs(x));  // in this order NaN stays
    const V at = z + V(detail::round_magic / 4);
    const V r(_mm512_reduce_ps(z, 2 << 4 | _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
    V d = detail::look_up(detail::gelu_pair_pieces[5], at);  // Horner's rule for q and its derivative d
    V q = fma(d, r, detail::look_up(detail::gelu_pair_pieces[4], at));
    GYROGRAD_UNROLL
    for (int i = 3; i >= 0; --i) {
      d = fma(d, r, q);
      q = fma(q, r, detail::look_up(detail::gelu_pair_pieces[i], at));
    }
    const __mmask16 positive = _mm512_cmp_ps_mask(x, V(0.0F), _CMP_NLT_UQ);
    // x times 0 or 1, not max(x, 0): -inf gives NaN, as in the formula.
    y = V(_mm512_fmsub_ps(x, _mm512_maskz_mov_ps(positive, V(1.0F)), q));
    slope = V(_mm512_mask_sub_ps(d, positive, V(1.0F), d));
#else
    const V t = divide(V(1.0F), fma(V(0.275771645F), abs(x), V(1.0F)));
    const V e = exp2_nonpositive(x * x * V(-0.72134752F));  // exp(-x^2 / 2)
    V q = fma(V(-0.1137686104F), t, V(0.4433323787F));      // a6 / 2, a5 / 2, ...
    q = fma(q, t, V(-0.3177004515F));
    q = fma(q, t, V(0.3247799343F));
    q = fma(q, t, V(0.04569410895F));
    q = fma(q, t, V(0.11766262495F));
    const V tail = e * t * q;  // 1 - Phi(|x|)
    const V phi = select(x < V(0.0F), tail, V(1.0F) - tail);
    y = x * phi;
    slope = fma(x * V(0.39894228F), e, phi);
#endif
  } else {
#if defined(GYROGRAD_SCALAR)
    const V phi = V(Real(0.5) * std::erfc(-x.data * Real(0.70710678118654752)));
#else
    const V phi = V(0.5) * xsimd::erfc(x * V(-0.70710678118654752));
#endif
    const V density = exp(x * x * V(-0.5)) * V(0.39894228040143268);
    y = x * phi;
    slope = fma(x, density, phi);
  }
}

/// GELU alone, for inference. float: relu(x) minus a function of |x|, absolute error 1.1e-7: on AVX-512 a
/// polynomial of degree 4 for each quarter of [0, 8], from tables; elsewhere |x| 2^q(|x|) with q a polynomial
/// of degree 7 for log2(1 - Phi) (own fit on [0, 5.5], where the rest is below 1e-7). The value of gelu_pair
/// differs from it by as much as the two errors allow. double: as gelu_pair.
template <class Real>
GYROGRAD_INLINE Batch<Real> gelu_value(Batch<Real> x) {
  using V = Batch<Real>;
  if constexpr (std::is_same_v<Real, float>) {
#if defined(GYROGRAD_AVX512)
    // The smaller of |x| and 7.87, the last piece ends at 7.875; r is its distance from the nearest quarter.
    const V z(_mm512_range_ps(x, V(7.87F), 2 << 2 | 2));
    const V at = z + V(detail::round_magic / 4);
    const V r(_mm512_reduce_ps(z, 2 << 4 | _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
    V q = detail::look_up(detail::gelu_pieces[4], at);
    GYROGRAD_UNROLL
    for (int i = 3; i >= 0; --i) q = fma(q, r, detail::look_up(detail::gelu_pieces[i], at));
    return max(V(0.0F), x) - q;
#else
    const V z = min(V(8.0F), abs(x));
    const V square = z * z;  // odd and even powers apart: two short chains instead of a long one
    V odd = fma(V(4.7887188e-6F), square, V(-5.51585341e-4F));
    V even = fma(V(-1.84352575e-5F), square, V(7.61969434e-3F));
    odd = fma(odd, square, V(-5.28935827e-2F));
    even = fma(even, square, V(-0.459071517F));
    odd = fma(odd, square, V(-1.15112257F));
    even = fma(even, square, V(-0.999999642F));
    const V q = fma(odd, z, even);
    return fnma(z, exp2_in_range(q), max(V(0.0F), x));
#endif
  } else {
    V y, slope;
    gelu_pair<Real>(y, slope, x);
    return y;
  }
}

}  // namespace gyrograd::kernels
