// SPDX-License-Identifier: MIT
// `gyrograd plot`: every chart from hand-written files, one page that holds them all, the same for the same
// seed.
#include <algorithm>
#include <string>
#include <vector>

#include "cli/bad_case.hpp"
#include "cli/run_files.hpp"
#include "cli/tool.hpp"
#include "support/catch.hpp"

using namespace gyrograd::testing;

namespace {

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Outcome plotted(const fs::path& root, const std::string& line) {
  const Outcome outcome = run_tool(root, split("plot " + line));
  INFO(line << "\n" << outcome.err);
  REQUIRE(outcome.code == 0);
  return outcome;
}

void write_run(const fs::path& root) {
  spill(root / "run/gru.report.json", small_report(R"(, "files": {"scores": "gru.scores.npy"})"));
  write_small_scores(root / "run/gru.scores.npy");
  write_small_embeddings(root);
  spill(root / "log.jsonl",
        "{\"event\":\"epoch\",\"epoch\":1,\"train_loss\":2.0}\n"
        "{\"event\":\"epoch\",\"epoch\":1,\"train_loss\":1.5}\n"
        "{\"event\":\"epoch\",\"epoch\":2,\"train_loss\":null,\"validation_accuracy\":0.5}\n"
        "{\"event\":\"done\"}\n{\"event\":\"epo");
}

}  // namespace

TEST_CASE("a page shows what was run, with what and how well", "[cli][plot]") {
  const TempFolder folder;
  write_run(folder.path());
  const Outcome outcome =
      plotted(folder.path(), "run/gru.report.json --embeddings embed/embed_limu_toy_20_4.npy");
  const fs::path out = folder / "run/gru_plots";
  for (const char* chart : {"confusion", "roc", "loss", "accuracy", "pca", "tsne"}) {
    INFO(chart);
    const std::string svg = file_text(out / (std::string(chart) + ".svg"));
    CHECK(svg.starts_with("<svg xmlns"));
    CHECK(svg.ends_with("</svg>\n"));
    CHECK(holds(file_text(out / "report.html"), svg));
    CHECK(holds(outcome.out, std::string(chart) + ".svg"));
  }
  const std::string page = file_text(out / "report.html");
  for (const char* word : {"classifier gru", "--split", "user", "0.900", "macro F1 of all classes", "sit",
                           "walk", "mean of classes that occur", "0.25000"})
    CHECK(holds(page, word));
  CHECK_FALSE(holds(page, "http://cdn"));
  CHECK_FALSE(holds(page, "<script"));
  CHECK_FALSE(holds(page, "src="));                                        // self-contained
  CHECK(holds(file_text(out / "roc.svg"), "mean of classes, AUC 0.875"));  // counted pair by pair elsewhere
  CHECK(holds(file_text(out / "roc.svg"), "sit, AUC 0.955"));
  CHECK(holds(file_text(out / "confusion.svg"), "90%"));
}

TEST_CASE("a map depends on the seed and on nothing else", "[cli][plot]") {
  const TempFolder folder;
  write_run(folder.path());
  const std::string line = "run/gru.report.json --embeddings embed/embed_limu_toy_20_4.npy --charts tsne ";
  plotted(folder.path(), line + "--threads 1 --out a");
  plotted(folder.path(), line + "--threads 2 --out b");
  plotted(folder.path(), line + "--seed 8 --out c");
  plotted(folder.path(), line + "--map-of means --out d");
  plotted(folder.path(), line + "-l activity,user --out e");
  const auto map = [&](const char* out) { return file_text(folder / out / "tsne.svg"); };
  CHECK(map("a") == map("b"));
  CHECK(map("a") != map("c"));
  CHECK(map("a") != map("d"));
  CHECK_FALSE(fs::exists(folder / "a/pca.svg"));
  CHECK(holds(map("a"), ">sit<"));
  CHECK_FALSE(holds(map("a"), ">sit, 0<"));
  CHECK(holds(map("e"), ">sit, 0<"));  // composite labels
  CHECK(holds(map("e"), ">run, 1<"));
}

TEST_CASE("a log gives the curves, the last line about an epoch counts", "[cli][plot]") {
  const TempFolder folder;
  write_run(folder.path());
  plotted(folder.path(), "run/gru.report.json --charts curves --log log.jsonl --out a");
  const std::string loss = file_text(folder / "a/loss.svg");
  CHECK(holds(loss, "training"));
  CHECK_FALSE(holds(loss, "validation"));
  CHECK(fs::exists(folder / "a/accuracy.svg"));
  spill(folder / "other.jsonl",
        "{\"event\":\"epoch\",\"command\":\"tpn self-training\",\"epoch\":1,\"train_loss\":2}\n"
        "{\"event\":\"epoch\",\"command\":\"tpn\",\"epoch\":1,\"train_loss\":1}\n");
  plotted(folder.path(), "run/gru.report.json --charts curves --log other.jsonl --out b");
  CHECK(fs::exists(folder / "b/loss.svg"));
  CHECK(fs::exists(folder / "b/loss_2.svg"));
}

TEST_CASE("reconstructed windows, one panel a sensor", "[cli][plot]") {
  const TempFolder folder;
  spill(folder / "limu.report.json",
        R"({"kind": "evaluate", "test": {"loss": 0.5, "count": 3},
            "data": {"rate_hz": 10.0, "channels": ["acc x", "acc y", "acc z", "gyro x", "gyro y", "gyro z"]},
            "files": {"reconstructions": "limu.reconstructions.npy"}})");
  std::vector<float> values(2 * 3 * 20 * 6, 0.0F);
  for (std::size_t i = 240; i < 300; ++i)
    values[i] = 1;  // the first ten steps of the first window are hidden
  gyrograd::io::write_npy(folder / "limu.reconstructions.npy", values, {2, 3, 20, 6});
  plotted(folder.path(), "limu.report.json");
  const std::string first = file_text(folder / "limu_plots/reconstruction_1.svg");
  CHECK(holds(first, "acc x"));
  CHECK(holds(first, "gyro z"));
  CHECK(holds(first, "#C9D2DC"));  // hidden time is grey
  CHECK_FALSE(holds(file_text(folder / "limu_plots/reconstruction_2.svg"), "#C9D2DC"));
  CHECK(holds(file_text(folder / "limu_plots/report.html"), "loss, test"));
}

TEST_CASE("the weights stand for the report beside them, a dry run writes nothing", "[cli][plot]") {
  const TempFolder folder;
  write_run(folder.path());
  CHECK(plotted(folder.path(), "run/gru.safetensors --dry-run").out.empty());
  CHECK_FALSE(fs::exists(folder / "run/gru_plots"));
  plotted(folder.path(), "run/gru.safetensors --charts confusion");
  CHECK(run_tool(folder.path(), split("plot run/gru.safetensors --charts confusion")).code == 1);
  plotted(folder.path(), "run/gru.safetensors --charts confusion --force");
}

TEST_CASE("bad input of plot ends in one line", "[cli][bad_input][plot]") {
  const TempFolder folder;
  write_run(folder.path());
  const std::string report = "plot run/gru.report.json ",
                    map = report + "--embeddings embed/embed_limu_toy_20_4.npy ";
  const auto damaged = [&](const std::string& name, const std::string& text) {
    return file("run/" + name + ".report.json", text);
  };
  const std::vector<Case> cases = {
      {"no report named", {"plot"}, 2, "REPORT is missing"},
      {"report is missing", split("plot run/gruu.report.json"), 1, "did you mean 'gru.report.json'"},
      {"weights without a report", split("plot run/gruu.safetensors"), 1, "did you mean 'gru.report.json'"},
      {"report is no JSON", split("plot run/text.report.json"), 1, "text.report.json",
       damaged("text", "hello")},
      {"report of another program", split("plot run/other.report.json"), 1, "\"kind\"",
       damaged("other", "{}")},
      {"matrix is not square", split("plot run/wide.report.json"), 1, "row 1 has 2 counts, expected 3",
       damaged(
           "wide",
           R"({"kind": "x", "confusion": {"labels": ["a", "b", "c"], "matrix": [[1, 0, 0], [1, 0], []]}})")},
      {"matrix without rows", split("plot run/bare.report.json"), 1, "0 rows for 2 labels",
       damaged("bare", R"({"kind": "x", "confusion": {"labels": ["a", "b"]}})")},
      {"count is a fraction", split("plot run/half.report.json"), 1, "expected a count",
       damaged("half", R"({"kind": "x", "confusion": {"labels": ["a"], "matrix": [[0.5]]}})")},
      {"unknown chart", split(report + "--charts confusion,rocc"), 2, "did you mean 'roc'"},
      {"unknown option", split(report + "--chart roc"), 2, "did you mean '--charts'"},
      {"unknown kind of map", split(map + "--map-of mean"), 2, "expected one of windows, means"},
      {"log is missing", split(report + "--log nowhere.jsonl"), 1, "nowhere.jsonl"},
      {"log has a broken line", split(report + "--log bad.jsonl"), 1, "line 2",
       file("bad.jsonl", "{\"event\": \"epoch\", \"epoch\": 1}\n{\"event\"\n")},
      {"log without epochs", split(report + "--log none.jsonl"), 1, "--log-json", file("none.jsonl", "{}\n")},
      {"scores are missing", split(report + "--scores nowhere.npy"), 1, "nowhere.npy"},
      {"scores of four classes", split(report + "--scores four.npy"), 1, "have 8 columns, expected 7",
       [](const fs::path& root) { write_small_scores(root / "four.npy", 4); }},
      {"scores with an unknown class", split(report + "--scores alien.npy"), 1, "row 1: truth is 3",
       [](const fs::path& root) {
         const std::vector<double> rows{0, 0, 2, 2, 1, 2, 3, 0, 1, 3, 2, 1, 2, 3};
         gyrograd::io::write_npy(root / "alien.npy", rows, {2, 7});
       }},
      {"scores without a matrix", split("plot run/plain.report.json --scores run/gru.scores.npy"), 2,
       "no confusion matrix", damaged("plain", R"({"kind": "pretrain"})")},
      {"reconstructions of another shape", split(report + "--reconstructions run/gru.scores.npy"), 1,
       "shape"},
      {"embeddings are missing", split(report + "--embeddings embed/nothing.npy"), 1, "nothing.npy"},
      {"embeddings have two axes", split(report + "--embeddings run/gru.scores.npy"), 1, "(30, 7)"},
      {"embeddings without a card", split(report + "--embeddings plain.npy"), 2, "--dataset and --version",
       [](const fs::path& root) {
         fs::copy_file(root / "embed/embed_limu_toy_20_4.npy", root / "plain.npy");
       }},
      {"embeddings of another set", split(map + "--dataset toyy --version 20_4"), 2, "did you mean 'toy'"},
      {"unknown label", split(map + "-l actvity"), 2, "did you mean 'activity'"},
      {"label out of range", split(map + "-l 7"), 2, "label column 0 to 1"},
      {"perplexity of more than the windows", split(map + "--perplexity 30"), 1, "for 30 rows"},
      {"too few points", split(map + "--points 2"), 2, "--points"},
      {"output is a file", split(report + "--out occupied"), 1, "occupied", file("occupied", "a file")},
  };
  for (const Case& one : cases) check(folder.path(), one);
}
