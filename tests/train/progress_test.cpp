// SPDX-License-Identifier: MIT
// Texts of the progress display and what goes to a file.
#include "gyrograd/train/progress.hpp"

#include <cmath>
#include <cstdio>
#include <string>

#include "support/catch.hpp"

using namespace gyrograd::train;

TEST_CASE("durations", "[progress]") {
  CHECK(format_duration(0) == "0:00");
  CHECK(format_duration(6.6) == "0:07");
  CHECK(format_duration(725) == "12:05");
  CHECK(format_duration(11045) == "3:04:05");
  CHECK(format_duration(NAN) == "-:--");
  CHECK(format_duration(-1) == "-:--");
}

TEST_CASE("rates", "[progress]") {
  CHECK(format_rate(12.34) == "12.3/s");
  CHECK(format_rate(0.456) == "0.46/s");
  CHECK(format_rate(0.05) == "20.0 s each");
  CHECK(format_rate(0) == "-/s");
}

TEST_CASE("a bar names done, total, rate and time left", "[progress]") {
  CHECK(format_bar("pretrain", 5, 10, "epochs", 10, 0, "loss 0.5", 10) ==
        "pretrain [=====>    ] 5/10 epochs  0.50/s  0:10 left  loss 0.5");
  CHECK(format_bar("pretrain", 10, 10, "epochs", 10, 0, "", 4) ==
        "pretrain [====] 10/10 epochs  1.00/s  in 0:10");
  // A resumed run counts its own epochs only.
  CHECK(format_bar("x", 8, 10, "epochs", 4, 6, "", 2).find("0.50/s  0:04 left") != std::string::npos);
  CHECK(format_bar("x", 0, 10, "epochs", 0, 0, "", 2).find("-:-- left") != std::string::npos);
}

TEST_CASE("a file gets plain lines and always the last state", "[progress]") {
  std::FILE* file = std::tmpfile();
  REQUIRE(file != nullptr);
  CHECK(progress_style(false, file) == ProgressStyle::lines);
  CHECK(progress_style(true, file) == ProgressStyle::quiet);
  {
    Progress progress("run", "steps", 3, ProgressStyle::lines, 0, file);
    progress.update(1, "a");
    progress.update(2, "b");  // less than two seconds later: not shown
    progress.update(3, "c");
  }
  {
    Progress silent("run", "steps", 3, ProgressStyle::quiet, 0, file);
    silent.update(3, "d");
  }
  std::rewind(file);
  std::string text;
  for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) text += static_cast<char>(c);
  std::fclose(file);
  CHECK(text.find("1/3 steps") != std::string::npos);
  CHECK(text.find("2/3 steps") == std::string::npos);
  CHECK(text.find("3/3 steps") != std::string::npos);
  CHECK(text.find('\r') == std::string::npos);
  CHECK(text.find('d') == std::string::npos);
}
