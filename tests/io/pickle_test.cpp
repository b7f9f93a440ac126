// SPDX-License-Identifier: MIT
// The pickle interpreter: each opcode it knows, and the abuse it refuses.
#include "gyrograd/io/pickle.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include "support/archives.hpp"
#include "support/catch.hpp"
#include "support/malformed.hpp"

namespace {

using namespace gyrograd::io;
using namespace gyrograd::testing;
using Kind = PickleValue::Kind;

/// Keeps the bytes that the result views into.
struct Parsed {
  std::vector<std::byte> bytes;
  PickleResult result;
  explicit Parsed(const std::string& content, std::size_t budget = 10'000)
      : bytes(bytes_of(content)), result(read_pickle(bytes, budget, "some/bad.file")) {}
};

std::int64_t integer(const std::string& value) {
  const Parsed p(pickle::whole(value));
  REQUIRE(p.result.root.kind == Kind::integer);
  return p.result.root.integer();
}
std::string text(const std::string& value) {
  const Parsed p(pickle::whole(value));
  REQUIRE(p.result.root.kind == Kind::text);
  return std::string(p.result.text_of(p.result.root));
}

TEST_CASE("pickle: numbers and constants") {
  CHECK(integer("K\xFF") == 255);
  CHECK(integer("M\xFF\xFF") == 65535);
  CHECK(integer("J\xFE\xFF\xFF\xFF") == -2);
  CHECK(integer(std::string("\x8A\x00", 2)) == 0);
  CHECK(integer("\x8A\x01\x80") == -128);
  CHECK(integer(std::string("\x8A\x02\xFF\x00", 4)) == 255);
  CHECK(integer(pickle::number64(std::int64_t{1} << 40)) == std::int64_t{1} << 40);
  CHECK(Parsed(pickle::whole("\x8A\x0A"
                             "0123456789"))
            .result.root.kind == Kind::big_integer);
  CHECK(Parsed(pickle::whole(std::string("G\x40\x09\x21\xFB\x54\x44\x2D\x18", 9))).result.root.real() ==
        3.141592653589793);
  CHECK(Parsed(pickle::whole("N")).result.root.kind == Kind::none);
  CHECK(Parsed(pickle::whole("\x88")).result.root.payload == 1);
  CHECK(Parsed(pickle::whole("\x89")).result.root.payload == 0);
}

TEST_CASE("pickle: texts of all lengths") {
  CHECK(text(pickle::text("hello")) == "hello");
  CHECK(text("U\x02hi") == "hi");
  CHECK(text("\x8C\x02hi") == "hi");
  CHECK(text(std::string("T\x02\0\0\0hi", 7)) == "hi");
  CHECK(text(pickle::text("")).empty());
}

TEST_CASE("pickle: containers, memo and marks") {
  const Parsed p(
      pickle::whole("]q\x01(K\x01K\x02"
                    "eK\x03"
                    "a"));
  REQUIRE(p.result.root.kind == Kind::list);
  CHECK(p.result.items(p.result.root).size() == 3);
  const Parsed t(pickle::whole("K\x01K\x02K\x03\x87"));
  CHECK(t.result.items(t.result.root)[2].integer() == 3);
  const Parsed d(pickle::whole("}q" + std::string(1, '\0') + "(" + pickle::text("a") + "K\x01u0h" +
                               std::string(1, '\0')));
  CHECK(d.result.items(d.result.root).size() == 2);
  const Parsed n(
      pickle::whole("(K\x01K\x02"
                    "1N"));
  CHECK(n.result.root.kind == Kind::none);
  const Parsed pairs(pickle::whole(pickle::global("collections", "OrderedDict") + "]" + pickle::text("a") +
                                   "K\x01\x86"
                                   "a\x85R"));
  CHECK(pairs.result.items(pairs.result.root)[1].integer() == 1);
}

TEST_CASE("pickle: protocol 4 framing and memoize") {
  const Parsed p("\x80\x04\x95" + little(std::uint64_t{9}) +
                 "]\x94K\x01"
                 "a0h" +
                 std::string(1, '\0') + ".");
  CHECK(p.result.items(p.result.root).size() == 1);
  const Parsed g(
      pickle::whole("\x8C\x05torch\x8C\x0C"
                    "FloatStorage\x93"));
  CHECK(g.result.root.kind == Kind::global);
}

TEST_CASE("pickle: consumed counts up to STOP") {
  CHECK(Parsed(pickle::whole("N") + "rest").result.consumed == 4);
}

TEST_CASE("pickle: abuse is refused with the reason, and nothing is executed") {
  const auto whole = [](const std::string& value) { return [value] { return pickle::whole(value); }; };
  const std::string block = pickle::storage("FloatStorage", "0", 4);
  const std::vector<MalformedCase> cases{
      {"os.system",
       whole(pickle::call(pickle::global("os", "system"), pickle::text("touch /tmp/x"))),
       {"'os.system'", "nothing was executed"}},
      {"posix.system by stack", whole("\x8C\x05posix\x8C\x06system\x93"), {"'posix.system'"}},
      {"builtins.eval", whole(pickle::global("builtins", "eval")), {"'builtins.eval'"}},
      {"torch.load of another file", whole(pickle::global("torch", "load")), {"'torch.load'"}},
      {"a whole module",
       whole(pickle::global("torch.nn.modules.linear", "Linear")),
       {"whole Python object", "state dict"}},
      {"control bytes in a name", whole(pickle::global("a\x1B[31m", "b")), {"\\x1b"}},
      {"name without an end", whole("cos"), {"name without an end"}},
      {"name of 1000 bytes", whole(pickle::global(std::string(1000, 'a'), "b")), {"name without an end"}},
      {"INST", whole("(ios\nsystem\n"), {"opcode 105"}},
      {"OBJ", whole("(K\x01o"), {"opcode 111"}},
      {"NEWOBJ", whole("))\x81"), {"opcode 129"}},
      {"NEWOBJ_EX", whole(")))\x92"), {"opcode 146"}},
      {"EXT1", whole("\x82\x01"), {"opcode 130"}},
      {"PERSID", whole("P1\n"), {"opcode 80"}},
      {"text INT", whole("I1\n"), {"opcode 73"}},
      {"unknown opcode", whole("\xFF"), {"opcode 255"}},
      {"protocol 6", [] { return std::string("\x80\x06N."); }, {"protocol above 5"}},
      {"empty", [] { return std::string(); }, {"cut short"}},
      {"STOP only", [] { return std::string("."); }, {"underflow"}},
      {"no STOP", [] { return std::string("\x80\x02N"); }, {"cut short"}},
      {"values left over", whole("NN"), {"left over"}},
      {"mark left over", whole("N("), {}},
      {"POP of nothing", whole("0"), {"underflow"}},
      {"POP below a mark", whole("N(0"), {"underflow"}},
      {"TUPLE without mark", whole("Nt"), {"no mark"}},
      {"TUPLE3 of two", whole("NN\x87"), {"underflow"}},
      {"APPEND to a number",
       whole("K\x01K\x02"
             "a"),
       {"expected a list"}},
      {"APPENDS to a dictionary",
       whole("}(K\x01"
             "e"),
       {"expected a list"}},
      {"SETITEMS of an odd number", whole("}(K\x01u"), {"key without a value"}},
      {"SETITEM to a list", whole("]K\x01K\x01s"), {"expected a dictionary"}},
      {"memo never set", whole("h\x05"), {"memo slot 5 was never set"}},
      {"memo far out of sequence", whole("Nr\xFF\xFF\xFF\xFF"), {"out of sequence"}},
      {"memo gap read back", whole("Nq\x01h" + std::string(1, '\0')), {"memo slot 0 was never set"}},
      {"PUT of nothing", whole(std::string("q\0", 2)), {"underflow"}},
      {"call of a number", whole("K\x01)R"), {"not a known name"}},
      {"call of a storage class", whole(pickle::global("torch", "FloatStorage") + ")R"), {"not callable"}},
      {"arguments not a tuple",
       whole(pickle::global("collections", "OrderedDict") + "]R"),
       {"expected a tuple"}},
      {"BUILD on a tuple", whole(")}b"), {"state for an object"}},
      {"BUILD with a list", whole("}]b"), {"state for an object"}},
      {"text longer than the file",
       whole("X\xFF\xFF\xFF\x7F"
             "abc"),
       {"cut short"}},
      {"long longer than the file",
       whole("\x8A\xFF"
             "abc"),
       {"cut short"}},
      {"frame longer than the file",
       [] { return "\x80\x04\x95" + little(~std::uint64_t{0}) + "N."; },
       {"frame is cut short"}},
      {"persistent id not a tuple", whole("NQ"), {"expected a storage description"}},
      {"persistent id of another kind",
       whole(pickle::tuple(pickle::text("module") + "NNNN") + "Q"),
       {"storage description"}},
      {"negative storage size", whole(pickle::storage("FloatStorage", "0", -1)), {"storage description"}},
      {"one storage in two ways",
       whole(block + "0" + pickle::storage("FloatStorage", "0", 5)),
       {"described in two ways"}},
      {"storage of an unknown class",
       whole(pickle::storage("ComplexFloatStorage", "0", 1)),
       {"ComplexFloatStorage"}},
      {"tensor without storage",
       whole(pickle::tensor("N", 0, pickle::number(1), pickle::number(1))),
       {"tensor is not"}},
      {"negative offset",
       whole(pickle::tensor(block, -1, pickle::number(1), pickle::number(1))),
       {"tensor is not"}},
      {"negative extent",
       whole(pickle::tensor(block, 0, pickle::number(-1), pickle::number(1))),
       {"shape: expected integers >= 0"}},
      {"negative stride",
       whole(pickle::tensor(block, 0, pickle::number(1), pickle::number(-1))),
       {"strides: expected integers >= 0"}},
      {"text as extent",
       whole(pickle::tensor(block, 0, pickle::text("4"), pickle::number(1))),
       {"shape: expected integers"}},
      {"extents without strides",
       whole(pickle::tensor(block, 0, pickle::number(1) + pickle::number(1), pickle::number(1))),
       {"different numbers"}},
      {"rank 9",
       whole(pickle::tensor(block, 0, "K\x01K\x01K\x01K\x01K\x01K\x01K\x01K\x01K\x01", "")),
       {"more than 8 dimensions"}},
      {"a million values", whole(std::string(1'000'000, 'N')), {"more values than"}},
      {"a million marks", whole(std::string(1'000'000, '(')), {"more values than"}},
      {"a million dictionaries", whole(std::string(1'000'000, '}')), {"more values than"}},
      {"list extended with itself again and again",
       [] {
         std::string value = "](NNNNe";  // each DUP is not known: recall by memo
         value += std::string("q\0", 2);
         for (int i = 0; i < 20'000; ++i) value += std::string("h\0a", 3);
         return pickle::whole(value);
       },
       {"more values than"}},
  };
  check_malformed(cases, [](const auto& file) { (void)read_pickle(file->bytes(), 10'000, file->name()); });
}

TEST_CASE("pickle: prefixes are refused, bit flips never crash") {
  const std::string value =
      pickle::dict(pickle::text("w") + pickle::tensor(pickle::storage("FloatStorage", "0", 4), 0,
                                                      pickle::number(2), pickle::number(1)));
  CHECK(sweep(pickle::whole(value),
              [](const auto& file) { (void)read_pickle(file->bytes(), 10'000, file->name()); }) > 500);
}

}  // namespace
