#include "storage/codec.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>

using namespace quaero;
using namespace quaero::storage;

BOOST_AUTO_TEST_SUITE(codec)

BOOST_AUTO_TEST_CASE(numbers_come_back_exactly) {
  for (uint64_t x : {uint64_t{0}, uint64_t{127}, uint64_t{128}, uint64_t{16384},
                     UINT64_MAX - 1, UINT64_MAX}) {
    std::string out;
    put_varint(out, x);
    put_signed(out, static_cast<int64_t>(x));
    put_signed(out, -static_cast<int64_t>(x >> 1));
    record_reader in{out};
    BOOST_CHECK_EQUAL(in.take_varint(), x);
    BOOST_CHECK_EQUAL(in.take_signed(), static_cast<int64_t>(x));
    BOOST_CHECK_EQUAL(in.take_signed(), -static_cast<int64_t>(x >> 1));
    BOOST_CHECK(in.done());
  }
}

BOOST_AUTO_TEST_CASE(a_number_of_more_than_64_bits_is_refused) {
  for (auto text : {std::string(10, '\xff'), std::string(9, '\xff') + '\x02',
                    std::string(10, '\x80') + '\x01', std::string(3, '\x80')}) {
    record_reader in{text};
    in.take_varint();
    BOOST_CHECK(in.failed());
  }
}

BOOST_AUTO_TEST_CASE(a_reader_that_failed_gives_nothing_more) {
  std::string out;
  put_string(out, "text");
  out.insert(0, 1, '\x7f'); // A length beyond the end.
  record_reader in{out};
  BOOST_CHECK_EQUAL(in.take_string(), "");
  BOOST_CHECK(in.failed());
  BOOST_CHECK_EQUAL(in.take_varint(), 0u);
  BOOST_CHECK(!in.take_id());
  BOOST_CHECK(in.take_strings().empty());
  BOOST_CHECK(in.take_value().is_null());
  BOOST_CHECK(!in.done());
}

BOOST_AUTO_TEST_CASE(a_count_beyond_the_end_is_refused) {
  std::string out;
  put_varint(out, 1ull << 60);
  BOOST_CHECK((record_reader{out}.take_strings().empty()));
  out.insert(0, 1, '\x06'); // An array.
  record_reader in{out};
  in.take_value();
  BOOST_CHECK(in.failed());
}

BOOST_AUTO_TEST_CASE(values_nest_up_to_the_limit) {
  value x;
  for (size_t i = 0; i < value_depth_max; ++i)
    x = value::make_array({std::move(x)});
  std::string out;
  put_value(out, x);
  record_reader in{out};
  BOOST_CHECK(in.take_value() == x);
  BOOST_CHECK(in.done());
  out.clear();
  put_value(out, value::make_array({x}));
  record_reader deep{out};
  deep.take_value();
  BOOST_CHECK(deep.failed());
}

BOOST_AUTO_TEST_CASE(doubles_come_back_exactly) {
  using limits = std::numeric_limits<double>;
  for (double x :
       {0.0, 0.1, -1e300, limits::denorm_min(), limits::infinity()}) {
    std::string out;
    put_double(out, x);
    BOOST_CHECK_EQUAL(out.size(), 8u);
    BOOST_CHECK_EQUAL(record_reader{out}.take_double(), x);
  }
}

BOOST_AUTO_TEST_CASE(damage_is_told_with_table_and_key) {
  auto result = damaged("~\x01\xab");
  BOOST_CHECK(result.code == errc::corruption);
  BOOST_CHECK_EQUAL(result.message, "damaged record in table jobs, key 7e01ab");
  BOOST_CHECK(damaged("?").message.find("(unknown)") != std::string::npos);
  BOOST_CHECK(damaged({}).message.find("(unknown)") != std::string::npos);
  BOOST_CHECK_LT(damaged(std::string(5000, 'd')).message.size(), 200u);
}

BOOST_AUTO_TEST_SUITE_END()
