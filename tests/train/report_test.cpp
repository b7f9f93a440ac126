// SPDX-License-Identifier: MIT
// Fields of a report file.
#include "gyrograd/train/report.hpp"

#include <fstream>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace gyrograd;
using namespace gyrograd::train;

TEST_CASE("scores and confusion matrix", "[report]") {
  const std::vector<Index> truth = {0, 0, 1, 2};
  const std::vector<Index> guess = {0, 1, 1, 2};
  const PartScore score = part_score(metrics::Confusion(truth, guess, 4), 0.25);
  const Json part = part_json(score);
  CHECK(part["accuracy"] == 0.75);
  CHECK(part["count"] == 4);
  CHECK(part["loss"] == 0.25);
  CHECK(part["macro_f1"].get<double>() == Approx((2.0 / 3 + 2.0 / 3 + 1) / 3));
  CHECK(part["macro_f1_all_classes"].get<double>() == Approx((2.0 / 3 + 2.0 / 3 + 1) / 4));
  const Json confusion = confusion_json(score.confusion, {"a", "b", "c", "d"});
  CHECK(confusion["matrix"][0][1] == 1);
  CHECK(confusion["matrix"][1][0] == 0);
  CHECK(confusion["labels"][3] == "d");
  CHECK_THROWS_AS(confusion_json(score.confusion, {"a"}), ShapeError);
  const Json full = part_json(score, {"a", "b", "c", "d"});
  CHECK(full["accuracy"] == 0.75);
  CHECK(full["balanced_accuracy"].get<double>() == Approx((0.5 + 1 + 1) / 3));
  CHECK(full["confusion"] == confusion);
  CHECK(full["per_class"][0]["class"] == "a");
  CHECK(full["per_class"][0]["recall"] == 0.5);
  CHECK(full["per_class"][1]["precision"] == 0.5);
  CHECK(full["per_class"][1]["f1"].get<double>() == Approx(2.0 / 3));
  CHECK(full["per_class"][3]["count"] == 0);
  CHECK(full["per_class"][1]["predicted"] == 2);
  CHECK_THROWS_AS(per_class_json(score.confusion, {"a"}), ShapeError);
}

TEST_CASE("learning curves", "[report]") {
  EpochRecord one, two;
  one.train_loss = 0.5, two.train_loss = 0.25;
  two.validation_accuracy = 1;
  const Json curves = Json::parse(history_json({one, two}).dump());
  CHECK(curves["train_loss"] == Json({0.5, 0.25}));
  CHECK(curves["validation_loss"][1].is_null());
  CHECK(curves["validation_accuracy"][1] == 1.0);
}

TEST_CASE("a report file is JSON beside the weights", "[report]") {
  const testing::TempFolder folder;
  const auto path = report_path(folder / "gyrograd_v1.2.safetensors");
  CHECK(path.filename() == "gyrograd_v1.2.report.json");
  Json report = report_head("classifier", 3431, {{"epochs", 700}});
  report["test"] = {{"accuracy", 0.5}};
  write_json(path, report);
  std::ifstream in(path);
  const Json read = Json::parse(in);
  CHECK(read["seed"] == 3431);
  CHECK(read["options"]["epochs"] == 700);
  CHECK(read["versions"]["gyrograd"] == GYROGRAD_VERSION);
  CHECK(read["test"]["accuracy"] == 0.5);
}
