#include "storage/keys.hpp"
#include "tests/storage/samples.hpp"

using namespace quaero;
using namespace quaero::storage;
using namespace quaero::storage::test;

BOOST_FIXTURE_TEST_SUITE(pair_records, memory_fixture)

BOOST_AUTO_TEST_CASE(a_pair_comes_back_as_it_was) {
  key_pair plain{"plain", "", "", false, "", at(5), at(6)};
  write(*db, [&](write_batch& out) {
    put_pair(out, full_pair());
    put_pair(out, plain);
  });
  std::vector<key_pair> found(3);
  require_ok(read_pairs(*db, found));
  BOOST_CHECK((found == std::vector{full_pair(), plain}));
  write(*db, [](write_batch& out) { remove_pair(out, " OPS-Key "); });
  require_ok(read_pairs(*db, found));
  BOOST_CHECK((found == std::vector{plain}));
}

BOOST_AUTO_TEST_CASE(keys_of_pairs_ignore_case_and_blanks) {
  auto x = full_pair();
  x.key = " \tOps-Mail\n";
  write(*db, [&](write_batch& out) { put_pair(out, x); });
  key_pair found;
  require_ok(read_pair(*db, "OPS-MAIL ", found));
  BOOST_TEST(found.key == "ops-mail");
  BOOST_TEST(found.text == x.text);
  BOOST_CHECK(read_pair(*db, "ops mail", found).code == errc::not_found);
}

BOOST_AUTO_TEST_CASE(a_record_of_the_first_version_is_a_text_alone) {
  require_ok(put(*db, text_key(table::kv, "old"), "\x01the text"));
  key_pair found;
  require_ok(read_pair(*db, "old", found));
  BOOST_CHECK((found == key_pair{"old", "the text", "", false, "", {}, {}}));
}

BOOST_AUTO_TEST_CASE(a_credential_comes_back_as_it_was) {
  auto second = full_credential();
  second.site_domain = "z.example.org";
  write(*db, [&](write_batch& out) {
    put_credential(out, second);
    put_credential(out, full_credential());
  });
  std::vector<credential> found;
  require_ok(read_credentials(*db, found));
  BOOST_CHECK((found == std::vector{full_credential(), second}));
  write(*db, [&](write_batch& out) { remove_credential(out, second); });
  require_ok(read_credentials(*db, found));
  BOOST_TEST(found.size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
