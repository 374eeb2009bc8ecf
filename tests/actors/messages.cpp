#include "tests/support/fixture.hpp"

#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <caf/make_message.hpp>

#include <tuple>

using namespace quaero;

namespace {

// -- all members of a type ----------------------------------------------------
// Structured bindings do not compile once a member is added, so none is missed.

auto members(const job_id& x) {
  auto& [a] = x;
  return std::tie(a);
}

auto members(const child_counts& x) {
  auto& [a, b, c, d, e, f] = x;
  return std::tie(a, b, c, d, e, f);
}

auto members(const job_event& x) {
  auto& [a, b, c, d, e, f, g, h, i, j, k] = x;
  return std::tie(a, b, c, d, e, f, g, h, i, j, k);
}

auto members(const retry_policy& x) {
  auto& [a, b, c, d] = x;
  return std::tie(a, b, c, d);
}

auto members(const queue_job& x) {
  auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s] = x;
  return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s);
}

auto members(const new_job& x) {
  auto& [a, b, c, d, e, f, g, h, i, j, k, l, m] = x;
  return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m);
}

auto members(const log_line& x) {
  auto& [a, b, c, d, e, f, g] = x;
  return std::tie(a, b, c, d, e, f, g);
}

auto members(const log_entry& x) {
  auto& [a, b, c, d] = x;
  return std::tie(a, b, c, d);
}

auto members(const document& x) {
  auto& [a, b, c, d, e, f, g, h, i, j, k, l, m] = x;
  return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m);
}

auto members(const leased_job& x) {
  auto& [a, b, c, d, e, f] = x;
  return std::tie(a, b, c, d, e, f);
}

auto members(const job_block& x) {
  auto& [a] = x;
  return std::tie(a);
}

auto members(const job_outcome& x) {
  auto& [a, b, c, d, e, f, g, h, i] = x;
  return std::tie(a, b, c, d, e, f, g, h, i);
}

auto members(const job_report& x) {
  auto& [a, b, c, d, e, f, g, h, i, j, k] = x;
  return std::tie(a, b, c, d, e, f, g, h, i, j, k);
}

auto members(const report_block& x) {
  auto& [a] = x;
  return std::tie(a);
}

auto members(const id_list& x) {
  auto& [a] = x;
  return std::tie(a);
}

auto members(const pool_offer& x) {
  auto& [a, b, c, d, e, f] = x;
  return std::tie(a, b, c, d, e, f);
}

auto members(const step_delta& x) {
  auto& [a, b, c, d, e, f, g, h] = x;
  return std::tie(a, b, c, d, e, f, g, h);
}

template <class T>
concept has_members = requires(const T& x) {
  members(x);
};

template <class T>
bool same(const T& a, const T& b);

template <class T>
bool same(const std::vector<T>& a, const std::vector<T>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const T& x, const T& y) { return same(x, y); });
}

template <class T>
bool same(const T& a, const T& b) {
  if constexpr (has_members<T>)
    return std::apply(
      [&](const auto&... xs) {
        return std::apply(
          [&](const auto&... ys) { return (same(xs, ys) && ...); }, members(b));
      },
      members(a));
  else
    return a == b;
}

/// Whether no member has the value that it begins with.
template <class T>
bool is_full(const T& x) {
  if constexpr (has_members<T>) {
    const T empty{};
    return std::apply(
      [&](const auto&... xs) {
        return std::apply(
          [&](const auto&... ys) { return (!same(xs, ys) && ...); },
          members(empty));
      },
      members(x));
  } else {
    return !same(x, T{});
  }
}

// -- one of each --------------------------------------------------------------

job_id make_id(uint8_t n) {
  job_id x;
  for (size_t i = 0; i < x.bytes.size(); ++i)
    x.bytes[i] = static_cast<uint8_t>(n + i);
  return x;
}

timestamp at(int64_t n) {
  return timestamp{std::chrono::nanoseconds{1'768'874'404'118'000'000 + n}};
}

const retry_policy policy{7, std::chrono::seconds{2}, std::chrono::seconds{9},
                          0.5};

const child_counts counts{1, 2, 3, 4, 5, 6};

const job_event event{
  make_id(1),   job_status::failed,     at(1), 5, 2, at(2), "why", 9, counts,
  R"({"a":1})", failure_reason::expired};

const queue_job job{make_id(1),
                    make_id(2),
                    make_id(3),
                    make_id(4),
                    "t",
                    "n",
                    "q",
                    1,
                    2,
                    at(1),
                    at(2),
                    policy,
                    R"({"c":1})",
                    R"({"m":1})",
                    {"a", "b"},
                    "u",
                    at(9),
                    "host:a",
                    std::chrono::milliseconds{5}};

const new_job wanted{"t",
                     "n",
                     R"({"c":1})",
                     R"({"m":1})",
                     "q",
                     1,
                     at(3),
                     policy,
                     {"a"},
                     "u",
                     at(9),
                     "host:a",
                     std::chrono::milliseconds{5}};

const log_line line{make_id(1),      make_id(2),       make_id(3),
                    log_level::warn, log_origin::step, at(4),
                    "text \xC3\xA4"};

const log_entry entry{line, 4, 5, {1, 2, 3, 4}};

const document page{"doc_1",    "web",      "s1",         "title",
                    "# text",   "metadata", R"({"a":1})", "https://e.org",
                    {"a", "b"}, {"run"},    "hash",       at(5),
                    at(6)};

const leased_job lease{job, 17, 3, 16, 2, 1};

const job_outcome outcome{
  job_status::cancelled,        "no", false, 3,   R"({"r":1})",
  std::chrono::milliseconds{4}, true, true,  true};

const job_report report{make_id(1), 17,   3,        at(7),  true,  outcome,
                        at(8),      true, {wanted}, {page}, {line}};

const step_delta delta{make_id(1), 1, -2, 3, 4, 5, 6, 7};

const auto samples = std::make_tuple(
  make_id(1), durability::each, job_status::cancelled, event, counts, job,
  wanted, line, entry, page, lease, job_block{{lease, lease}}, outcome, report,
  report_block{{report, report}}, id_list{{make_id(1), make_id(9)}}, delta,
  std::vector<std::string>{"a", "b"}, std::vector<document>{page},
  std::vector<job_outcome>{outcome, outcome},
  pool_offer{"noop", "here", 7, false, true, {"gpu"}});

using sample_types = std::remove_const_t<decltype(samples)>;
using block = caf::id_block::quaero_types;

static_assert(std::tuple_size_v<sample_types> == block::end - block::begin,
              "a type that travels has no sample");

template <size_t... Is>
constexpr bool in_order(std::index_sequence<Is...>) {
  return (
    std::is_same_v<std::tuple_element_t<Is, sample_types>,
                   typename caf::type_by_id<block::begin + Is>::type> && ...);
}

static_assert(
  in_order(std::make_index_sequence<std::tuple_size_v<sample_types>>{}),
  "a sample stands for another type");

template <class T>
std::vector<char> bytes_of(caf::actor_system& sys, T x) {
  std::vector<char> out;
  caf::binary_serializer sink{sys, out};
  BOOST_TEST(!sink(x));
  return out;
}

template <class T>
void check_round_trip(caf::actor_system& sys, const T& x) {
  BOOST_TEST_CONTEXT(caf::type_name<T>::value) {
    BOOST_TEST(is_full(x));
    const auto bytes = bytes_of(sys, caf::make_message(x));
    BOOST_TEST(bytes.size() > bytes_of(sys, caf::message{}).size());
    caf::message copy;
    caf::binary_deserializer source{sys, bytes};
    BOOST_TEST(!source(copy));
    BOOST_REQUIRE(copy.match_elements<T>());
    BOOST_TEST(same(copy.get_as<T>(0), x));
  }
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(messages, test::deterministic)

BOOST_AUTO_TEST_CASE(every_type_that_travels_arrives_as_it_left) {
  std::apply([&](const auto&... xs) { (check_round_trip(sys, xs), ...); },
             samples);
}

BOOST_AUTO_TEST_CASE(a_message_that_is_cut_is_an_error) {
  auto bytes = bytes_of(sys, report);
  BOOST_REQUIRE(!bytes.empty());
  bytes.pop_back();
  job_report copy;
  caf::binary_deserializer source{sys, bytes};
  BOOST_TEST(static_cast<bool>(source(copy)));
}

BOOST_AUTO_TEST_SUITE_END()
