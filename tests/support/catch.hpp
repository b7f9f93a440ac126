// SPDX-License-Identifier: MIT
// The one door to Catch2: version 2 (single header, Debian 12) or version 3.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>

using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif
