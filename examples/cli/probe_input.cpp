// SPDX-License-Identifier: MIT
// See probe_input.hpp.
#include "cli/probe_input.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include "gyrograd/data/leak.hpp"
#include "gyrograd/io/text.hpp"

namespace gyrograd::cli {

std::vector<std::string> comma_list(const std::string& command, const std::string& option,
                                    const std::string& text) {
  std::vector<std::string> parts{""};
  for (const char c : text) {
    if (c == ',') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  for (const std::string& part : parts)
    if (part.empty())
      fail<UsageError>(command, ": ", option, " is '", text, "', expected words with single commas");
  return parts;
}

namespace {

/// "name=file,name=file" or plain files, which are named after themselves.
std::vector<NamedFeatures> read_features(const std::string& command, const std::string& option,
                                         const std::string& text) {
  std::vector<NamedFeatures> out;
  for (const std::string& part : comma_list(command, option, text)) {
    const std::size_t equals = part.find('=');
    NamedFeatures one;
    one.file = equals == std::string::npos ? part : part.substr(equals + 1);
    one.name = equals == std::string::npos ? fs::path(part).stem().string() : part.substr(0, equals);
    if (one.name.empty() || one.file.empty())
      fail<UsageError>(command, ": ", option, " holds '", part, "', expected FILE or NAME=FILE");
    for (const NamedFeatures& other : out)
      if (other.name == one.name)
        fail<UsageError>(command, ": ", option, " has two embeddings named '", one.name,
                         "'; name them by NAME=FILE");
    one.features = data::load_features(one.file);
    out.push_back(std::move(one));
  }
  return out;
}

/// Puts the test windows of every encoder behind its training windows.
void append_test(const std::string& command, std::vector<NamedFeatures>& all,
                 const std::vector<NamedFeatures>& test) {
  if (test.size() != all.size())
    fail<UsageError>(command, ": ", all.size(), " embeddings, but --test-embeddings has ", test.size(),
                     "; give as many, in the same order");
  for (std::size_t i = 0; i < all.size(); ++i) {
    data::Features &to = all[i].features, from = test[i].features;
    if (to.width != from.width)
      fail<IoError>(test[i].file, ": width ", from.width, ", but ", all[i].file, " has ", to.width,
                    "; both must come from one encoder");
    to.values.insert(to.values.end(), from.values.begin(), from.values.end());
    to.count += from.count;
  }
}

/// Numbers of --users or --takes: a file, or (users) a column of the label file.
std::vector<Index> read_groups(const Arguments& a, const std::string& option, const std::string& labels,
                               Index expected) {
  if (!a.has(option)) return {};
  const std::string source = a.text(option);
  Index column = -1;
  const auto [end, error] = std::from_chars(source.data(), source.data() + source.size(), column);
  const bool number = error == std::errc{} && end == source.data() + source.size();
  std::vector<Index> out = number ? data::load_numbers(labels, column) : data::load_numbers(source);
  if (static_cast<Index>(out.size()) != expected)
    fail<IoError>(source, ": ", out.size(), " values for ", expected, " windows of --", option,
                  "; all files must come from the same preparation");
  return out;
}

void check_counts(const ProbeInput& in, const std::string& labels) {
  for (const NamedFeatures& f : in.features)
    if (f.features.count != in.count())
      fail<IoError>(f.file, ": ", f.features.count, " windows, but ", labels, " has ", in.count(),
                    " labels; both must come from the same preparation");
}

/// Class numbers and names; windows without a class (label below 0) take no part.
void read_classes(const std::string& command, const Arguments& a, ProbeInput& in) {
  const Index most = *std::max_element(in.labels.begin(), in.labels.end());
  if (most < 1) fail<UsageError>(command, ": the labels hold ", most + 1, " class, expected at least 2");
  if (most > 9999)
    fail<UsageError>(command, ": the largest label is ", most, ", expected class numbers from 0");
  in.classes = most + 1;
  if (a.has("class-names")) {
    in.class_names = comma_list(command, "--class-names", a.text("class-names"));
    if (static_cast<Index>(in.class_names.size()) < in.classes)
      fail<UsageError>(command, ": --class-names has ", in.class_names.size(),
                       " names, but the largest label is ", most,
                       "; give one name for each class, in the order of their numbers");
    in.classes = static_cast<Index>(in.class_names.size());
  }
  for (Index k = static_cast<Index>(in.class_names.size()); k < in.classes; ++k)
    in.class_names.push_back(std::to_string(k));
}

void read_prompts(const std::string& command, const Arguments& a, ProbeInput& in) {
  if (!a.has("class-vectors")) {
    if (a.has("class-vector-labels"))
      fail<UsageError>(command, ": --class-vector-labels without --class-vectors");
    return;
  }
  const std::string file = a.text("class-vectors");
  in.prompts = data::load_features(file);
  if (a.has("class-vector-labels")) {
    in.prompt_labels = data::load_numbers(a.text("class-vector-labels"));
  } else {
    for (Index k = 0; k < in.prompts.count; ++k) in.prompt_labels.push_back(k);
  }
  if (static_cast<Index>(in.prompt_labels.size()) != in.prompts.count)
    fail<IoError>(a.text("class-vector-labels"), ": ", in.prompt_labels.size(), " labels for ",
                  in.prompts.count, " class vectors of ", file);
  const std::set<Index> known(in.prompt_labels.begin(), in.prompt_labels.end());
  for (Index k = 0; k < in.classes; ++k)
    if (known.count(k) == 0)
      fail<IoError>(file, ": no vector for class ", k, " (", in.class_names[static_cast<std::size_t>(k)],
                    "); the embeddings have ", in.classes, " classes, give at least one prompt for each");
  if (*known.rbegin() >= in.classes || *known.begin() < 0)
    fail<IoError>(file, ": a vector for class ", *known.rbegin(), ", but the labels have classes 0 to ",
                  in.classes - 1, "; give --class-names with all classes, or drop the vector");
  for (const NamedFeatures& f : in.features)
    if (f.features.width != in.prompts.width)
      fail<IoError>(file, ": class vectors of width ", in.prompts.width, ", but ", f.file, " has width ",
                    f.features.width, "; text vectors fit only embeddings of their own space");
}

std::vector<Index> labelled_only(std::vector<Index> part, const std::vector<Index>& labels) {
  std::erase_if(part, [&](Index i) { return labels[static_cast<std::size_t>(i)] < 0; });
  return part;
}

/// Parts by a separate test set, by users, or by chance.
void split_parts(const std::string& command, const Arguments& a, Index separate_from, ProbeInput& in) {
  const double share = a.real("test-share", 0.2, 0, 1);
  const auto seed = static_cast<std::uint64_t>(a.integer("split-seed", 1, 0, 4294967295));
  const std::string kind = a.choice("split", {"auto", "user", "random"});
  if (separate_from > 0) {
    if (a.has("split")) fail<UsageError>(command, ": --split and --test-embeddings exclude each other");
    for (Index i = 0; i < in.count(); ++i) (i < separate_from ? in.split.train : in.split.test).push_back(i);
    in.split_text = "separate test set";
  } else if (kind == "user" || (kind == "auto" && !in.users.empty())) {
    if (in.users.empty()) fail<UsageError>(command, ": --split user needs --users");
    in.split = data::split_by_user(in.users, seed, 1 - share, 0);
    in.split.train.insert(in.split.train.end(), in.split.validation.begin(), in.split.validation.end());
    std::sort(in.split.train.begin(), in.split.train.end());
    in.split_text = "held-out users";
  } else {
    const data::Split drawn = data::random_split(in.count(), static_cast<std::uint32_t>(seed), 1 - share, 0);
    in.split = {drawn.train, {}, drawn.test};
    in.split_text = "random windows";
    if (in.users.empty())
      in.warnings.emplace_back(
          "windows were split at random and their users are not known: people are probably in both parts, "
          "and "
          "scores are too high; give --users");
  }
  in.split.validation.clear();
  in.split.train = labelled_only(in.split.train, in.labels);
  in.split.test = labelled_only(in.split.test, in.labels);
  if (in.split.train.empty() || in.split.test.empty())
    fail<UsageError>(command, ": ", in.split.train.size(), " labelled training and ", in.split.test.size(),
                     " labelled test windows, expected at least one of each; change --test-share");
}

void add_warnings(ProbeInput& in) {
  const auto unlabelled = std::count_if(in.labels.begin(), in.labels.end(), [](Index k) { return k < 0; });
  if (unlabelled > 0) in.warnings.push_back(message(unlabelled, " windows without a label take no part"));
  const std::string leak = data::check_leaks(in.split.train, in.split.test, in.users, {}, 1).warning();
  if (!leak.empty()) in.warnings.push_back(leak);
  const auto classes_of = [&](const std::vector<Index>& part) {
    std::set<Index> out;
    for (const Index i : part) out.insert(in.labels[static_cast<std::size_t>(i)]);
    return out;
  };
  const std::set<Index> train = classes_of(in.split.train), test = classes_of(in.split.test);
  for (Index k = 0; k < in.classes; ++k) {
    const std::string& name = in.class_names[static_cast<std::size_t>(k)];
    if (train.count(k) == 0 && test.count(k) > 0)
      in.warnings.push_back(
          message("class ", name, " is tested but has no training window: it cannot be learned"));
    if (train.count(k) > 0 && test.count(k) == 0)
      in.warnings.push_back(message("class ", name, " has no test window: no score says anything about it"));
  }
}

}  // namespace

std::vector<OptionSpec> probe_input_specs() {
  return {
      {"l,label", "N", "label column of a LABELS file of (windows, steps, columns) (default 0)"},
      {"class-names", "A,B,...", "names of the classes, in the order of their numbers"},
      {"users", "FILE", "user of every window (.npy), or the number of a column of LABELS"},
      {"takes", "FILE", "take (recording) of every window (.npy), or a column of LABELS"},
      {"split", "KIND", "user or random (default: user where --users is given)"},
      {"test-share", "R", "share of users or windows that test (default 0.2)"},
      {"split-seed", "N", "seed of the split (default 1)"},
      {"test-embeddings", "FILES", "separate test set: as EMBEDDINGS, in the same order"},
      {"test-labels", "FILE", "its labels"},
      {"test-users", "FILE", "its users"},
      {"class-vectors", "FILE", "text vectors of the prompts (.npy: prompts x width)"},
      {"class-vector-labels", "FILE", "class of every prompt (.npy; default: one each, in order)"},
  };
}

ProbeInput read_probe_input(const std::string& command, const Arguments& a) {
  ProbeInput in;
  const std::string labels = a.word(1);
  const Index column = a.integer("label", 0, 0, 9999);
  in.features = read_features(command, "EMBEDDINGS", a.word(0));
  in.labels = data::load_numbers(labels, column);
  check_counts(in, labels);
  const Index own = in.count();
  in.users = read_groups(a, "users", labels, own);
  in.takes = read_groups(a, "takes", labels, own);
  Index separate_from = 0;
  if (a.has("test-embeddings") != a.has("test-labels"))
    fail<UsageError>(command, ": --test-embeddings and --test-labels belong together");
  if (a.has("test-embeddings")) {
    append_test(command, in.features, read_features(command, "--test-embeddings", a.text("test-embeddings")));
    const std::vector<Index> more = data::load_numbers(a.text("test-labels"), column);
    in.labels.insert(in.labels.end(), more.begin(), more.end());
    check_counts(in, labels + " with " + a.text("test-labels"));
    separate_from = own;
    if (a.has("users") != a.has("test-users"))
      fail<UsageError>(command,
                       ": --users and --test-users belong together, so that people in both are seen");
    const std::vector<Index> people =
        read_groups(a, "test-users", a.text("test-labels"), static_cast<Index>(more.size()));
    in.users.insert(in.users.end(), people.begin(), people.end());
    if (!in.takes.empty()) in.takes.resize(in.labels.size(), -1);  // test windows are never drawn
  } else if (a.has("test-users")) {
    fail<UsageError>(command, ": --test-users without --test-embeddings");
  }
  read_classes(command, a, in);
  read_prompts(command, a, in);
  split_parts(command, a, separate_from, in);
  add_warnings(in);
  return in;
}

}  // namespace gyrograd::cli
