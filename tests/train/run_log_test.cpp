// SPDX-License-Identifier: MIT
// One report reaches every open sink; a continued run appends.
#include "gyrograd/train/run_log.hpp"

#include <cmath>
#include <string>

#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/temp_folder.hpp"

using namespace gyrograd;
using namespace gyrograd::train;
using gyrograd::testing::file_text;
using gyrograd::testing::TempFolder;

TEST_CASE("lines and events hold the same epoch", "[run_log]") {
  const TempFolder folder;
  const auto events = event_path(folder.path(), "run");
  CHECK(events.filename() == "events.out.tfevents.run");
  RunLog log("pretrain", folder / "log.jsonl", events, false);
  log.write("epoch", 7,
            {{"epoch", 7}, {"train_loss", 0.25}, {"validation_accuracy", std::nan("")}, {"name", "x"}});
  CHECK(file_text(folder / "log.jsonl") ==
        "{\"event\":\"epoch\",\"command\":\"pretrain\",\"epoch\":7,\"train_loss\":0.25,\"validation_"
        "accuracy\":null,"
        "\"name\":\"x\"}\n");
  const std::string bytes = file_text(events);
  CHECK(io::whole_records(std::as_bytes(std::span(bytes))) == bytes.size());
  CHECK(bytes.find("pretrain/train_loss") != std::string::npos);
  CHECK(bytes.find("validation_accuracy") == std::string::npos);
  CHECK(bytes.find("name") == std::string::npos);
  CHECK(bytes.find("pretrain/epoch") == std::string::npos);
}

TEST_CASE("a continued run appends to both, a new one begins again", "[run_log]") {
  const TempFolder folder;
  const auto lines = folder / "log.jsonl", events = event_path(folder.path(), "run");
  const auto report = [&](bool append) {
    RunLog(std::string("tpn"), lines, events, append).write("epoch", 1, {{"loss", 1.0}});
  };
  report(false);
  const std::size_t line = file_text(lines).size(), event = file_text(events).size();
  report(true);
  CHECK(file_text(lines).size() == 2 * line);
  CHECK(file_text(events).size() > event);
  CHECK(file_text(events).size() < 2 * event);  // one version event
  report(false);
  CHECK(file_text(lines).size() == line);
  CHECK(file_text(events).size() == event);
}

TEST_CASE("a log without sinks drops everything", "[run_log]") {
  const TempFolder folder;
  RunLog().write("epoch", 1, {{"loss", 1.0}});
  RunLog("pretrain", {}, {}, false).write("epoch", 1, {{"loss", 1.0}});
  CHECK(gyrograd::testing::entry_count(folder.path()) == 0);
}
