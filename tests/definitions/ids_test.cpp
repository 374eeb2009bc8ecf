#include "definitions/ids.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <thread>
#include <unordered_set>
#include <vector>

using namespace quaero;
using namespace std::chrono_literals;

namespace {

struct manual_clock : wall_clock {
  timestamp time{1'700'000'000'123ms};
  timestamp now() const override { return time; }
};

constexpr auto sample = "0190b6f4-1234-7abc-8def-0123456789ab";

} // namespace

BOOST_AUTO_TEST_SUITE(ids)

BOOST_AUTO_TEST_CASE(an_id_is_read_as_it_is_written) {
  job_id x;
  BOOST_TEST(from_string(sample, x));
  BOOST_TEST(to_string(x) == sample);
  job_id upper;
  BOOST_TEST(from_string("0190B6F4-1234-7ABC-8DEF-0123456789AB", upper));
  BOOST_CHECK(upper == x);
  BOOST_CHECK(job_id_from_bytes(x.view()) == x);
}

BOOST_AUTO_TEST_CASE(no_id_is_empty_text) {
  BOOST_TEST(to_string(job_id{}) == "");
  BOOST_TEST(!job_id{});
}

BOOST_AUTO_TEST_CASE(what_is_no_id_leaves_the_target_alone) {
  job_id x;
  BOOST_REQUIRE(from_string(sample, x));
  auto before = x;
  std::string good = sample;
  BOOST_TEST(!from_string("", x));
  BOOST_TEST(!from_string(good + "0", x));
  BOOST_TEST(!from_string(good.substr(1), x));
  for (size_t i = 0; i < good.size(); ++i) {
    auto bad = good;
    bad[i] = 'g';
    BOOST_TEST(!from_string(bad, x));
  }
  BOOST_CHECK(x == before);
}

BOOST_AUTO_TEST_CASE(ids_are_version_7_and_tell_their_millisecond) {
  manual_clock clock;
  id_generator next{clock, 1};
  auto text = to_string(next.next());
  BOOST_TEST(text[14] == '7');
  BOOST_TEST(std::string{"89ab"}.find(text[19]) != std::string::npos);
  BOOST_CHECK(created_at(next.next()) == clock.time);
}

BOOST_AUTO_TEST_CASE(a_million_ids_of_one_frozen_moment_ascend) {
  manual_clock clock;
  id_generator generator{clock, 2};
  auto last = generator.next();
  size_t disorder = 0;
  for (int i = 1; i < 1'000'000; ++i) {
    auto x = generator.next();
    disorder += x <= last;
    last = x;
  }
  BOOST_TEST(disorder == 0u); // Ascending: unique as well.
  BOOST_CHECK(created_at(last) == clock.time);
}

BOOST_AUTO_TEST_CASE(ids_ascend_when_the_clock_steps_back) {
  manual_clock clock;
  id_generator generator{clock, 3};
  auto last = generator.next();
  for (auto step : {-1h, 0h, -10000h, 20000h, -1h}) {
    clock.time += step;
    for (int i = 0; i < 1000; ++i) {
      auto x = generator.next();
      BOOST_REQUIRE(x > last);
      last = x;
    }
  }
}

BOOST_AUTO_TEST_CASE(a_generator_goes_on_where_another_one_ended) {
  manual_clock clock;
  id_generator before{clock, 3};
  job_id last;
  for (int i = 0; i < 100; ++i)
    last = before.next();
  for (auto step : {0h, -1h}) {
    clock.time += step;
    id_generator after{clock, 4};
    after.continue_after(last);
    BOOST_CHECK(after.next() > last);
    after.continue_after(job_id{}); // never back
    BOOST_CHECK(after.next() > last);
  }
  clock.time += 2h;
  id_generator later{clock, 5};
  later.continue_after(last);
  BOOST_CHECK(created_at(later.next()) == clock.time);
}

BOOST_AUTO_TEST_CASE(a_clock_before_1970_counts_as_1970) {
  manual_clock clock;
  clock.time = timestamp{-5s};
  id_generator generator{clock, 4};
  auto first = generator.next();
  BOOST_CHECK(first < generator.next());
  BOOST_CHECK(created_at(first) == timestamp{});
}

BOOST_AUTO_TEST_CASE(generators_with_other_seeds_make_other_ids) {
  manual_clock clock;
  id_generator a{clock, 5};
  id_generator b{clock, 6};
  BOOST_CHECK(a.next() != b.next());
}

BOOST_AUTO_TEST_CASE(threads_share_a_generator) {
  constexpr size_t each = 20'000;
  id_generator generator{system_wall_clock(), 7};
  std::vector<std::vector<job_id>> made(4);
  std::vector<std::thread> threads;
  for (auto& mine : made)
    threads.emplace_back([&generator, &mine] {
      for (size_t i = 0; i < each; ++i)
        mine.push_back(generator.next());
    });
  for (auto& x : threads)
    x.join();
  std::unordered_set<job_id> all;
  for (auto& mine : made) {
    BOOST_TEST(std::is_sorted(mine.begin(), mine.end()));
    all.insert(mine.begin(), mine.end());
  }
  BOOST_TEST(all.size() == made.size() * each);
}

BOOST_AUTO_TEST_SUITE_END()
