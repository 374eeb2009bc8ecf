#define BOOST_TEST_MODULE node_test

#include "programs/daemon/hub_side.hpp"
#include "programs/daemon/node_daemon.hpp"
#include "programs/daemon/node_folder.hpp"
#include "programs/daemon/node_options.hpp"

#include <boost/test/unit_test.hpp>
#include <sys/stat.h>

#include <filesystem>

/// What a node's daemon is told, and what it remembers.

using namespace quaero;
using namespace std::chrono_literals;

namespace {

std::string read(std::initializer_list<const char*> words, node_options& out) {
  const std::vector<const char*> all{words};
  return read_node_options(all, out);
}

struct temp_folder {
  temp_folder()
    : path{(std::filesystem::temp_directory_path() / "quaero_node_XXXXXX")
             .string()} {
    BOOST_REQUIRE(::mkdtemp(path.data()) != nullptr);
  }
  ~temp_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::string path;
};

} // namespace

BOOST_AUTO_TEST_CASE(join_and_node_make_a_node) {
  for (const char* word : {"--join", "--join=a:1", "--node"}) {
    const std::vector<const char*> words{"--log-level", "warn", word};
    BOOST_TEST(is_node(words), word);
  }
  const std::vector<const char*> others{"--listen", "a:1", "verify"};
  BOOST_TEST(!is_node(others));
}

BOOST_AUTO_TEST_CASE(options_of_a_node_are_taken_and_others_left) {
  node_options x;
  BOOST_TEST(
    read({"--join", "hub.example:8086", "--token=qn1.x", "--log-level", "warn",
          "--labels", "gpu,eu,gpu", "--slots", "crawler=8,noop=2"},
         x)
    == "");
  BOOST_TEST(x.join == "hub.example:8086");
  BOOST_TEST(x.token == "qn1.x");
  BOOST_TEST((*x.labels == std::vector<std::string>{"eu", "gpu"}));
  BOOST_TEST(x.slots->at("crawler") == 8u);
  BOOST_TEST(x.slots->at("noop") == 2u);
  BOOST_TEST(x.rest.size() == 2u);
  node_options none;
  BOOST_TEST(read({"--node", "--labels", ""}, none) == "");
  BOOST_TEST(none.labels->empty());
  BOOST_TEST(!none.slots);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_names_the_option) {
  struct {
    std::vector<const char*> words;
    std::string why;
  } const wrong[] = {
    {{"--join", "hub", "--token", "x"}, "--join: "},
    {{"--join", "hub:0", "--token", "x"}, "--join: "},
    {{"--join", "h,b:1", "--token", "x"}, "--join: "},
    {{"--join", "hub:1"}, "--join: "},
    {{"--join"}, "--join: "},
    {{"--node", "--token", "x"}, "--token: "},
    {{"--join", "hub:1", "--token", "x", "--token-file", "y"},
     "--token-file: "},
    {{"--node", "--labels", "a b"}, "--labels: "},
    {{"--node", "--slots", "noop"}, "--slots: "},
    {{"--node", "--slots", "noop=0"}, "--slots: "},
    {{"--node", "--slots", "noop=10001"}, "--slots: "},
    {{"--node", "--slots", "=1"}, "--slots: "},
    {{"--node", "--weight", "0"},
     "--weight: must be a whole number from 1 to "},
    {{"--node", "--weight", "101"}, "--weight: "},
    {{"--node", "--weight=x"}, "--weight: "},
    {{"--node", "--labels", "weight-101"}, "--labels: 'weight-101': a weight "},
  };
  for (const auto& x : wrong) {
    node_options out;
    const auto why = read_node_options(x.words, out);
    BOOST_TEST(why.starts_with(x.why), why << " instead of " << x.why);
  }
}

BOOST_AUTO_TEST_CASE(a_weight_is_a_label_and_kept_like_one) {
  using labels = std::vector<std::string>;
  auto next
    = [](std::initializer_list<const char*> words, const labels& before) {
        node_options x;
        BOOST_TEST(read(words, x) == "");
        return next_labels(x, before);
      };
  const labels heavy{"gpu", "weight-3"};
  BOOST_TEST((next({"--node", "--weight", "3"}, {"gpu"}) == heavy));
  BOOST_TEST((next({"--node"}, heavy) == heavy));
  BOOST_TEST(
    (next({"--node", "--labels", "eu"}, heavy) == labels{"eu", "weight-3"}));
  BOOST_TEST((next({"--node", "--labels", "weight-100"}, heavy)
              == labels{"weight-100"}));
  BOOST_TEST((next({"--node", "--weight", "1"}, heavy) == labels{"gpu"}));
}

BOOST_AUTO_TEST_CASE(labels_have_limits) {
  std::vector<std::string> out;
  std::string many = "l0";
  for (size_t i = 1; i < node_labels_max; ++i)
    many += ",l" + std::to_string(i);
  BOOST_TEST(read_labels(many, out) == "");
  BOOST_TEST(read_labels(many + ",x", out) != "");
  BOOST_TEST(read_labels(std::string(label_bytes_max, 'x'), out) == "");
  BOOST_TEST(read_labels(std::string(label_bytes_max + 1, 'x'), out) != "");
}

BOOST_AUTO_TEST_CASE(a_certificate_is_renewed_in_its_last_third_or_month) {
  const timestamp from{1000h};
  auto due = [&](std::chrono::hours validity, std::chrono::hours at) {
    return is_renewal_due(from, from + validity, from + at);
  };
  BOOST_TEST(!due(90 * 24h, 59 * 24h));
  BOOST_TEST(due(90 * 24h, 61 * 24h));
  BOOST_TEST(!due(365 * 24h, 330 * 24h));
  BOOST_TEST(due(365 * 24h, 336 * 24h));
  BOOST_TEST(!due(3h, 1h));
  BOOST_TEST(due(3h, 2h));
  BOOST_TEST(due(3h, 5h));
}

BOOST_AUTO_TEST_CASE(a_folder_keeps_what_it_is_of_and_is_of_one_daemon) {
  temp_folder dir;
  std::string why;
  {
    auto folder = node_folder::open(dir.path, why);
    BOOST_REQUIRE_MESSAGE(folder, why);
    BOOST_TEST(!folder->record().has_joined());
    BOOST_TEST(!node_folder::open(dir.path, why));
    BOOST_TEST(why.find("in use by another") != why.npos);
    node_record x;
    x.node = "alpha";
    x.hub = "hub:1";
    x.own.key = make_key();
    x.labels = {"gpu"};
    x.slots["noop"] = 7;
    BOOST_TEST(folder->store(x) == "");
  }
  struct stat facts {};
  BOOST_REQUIRE(::stat((dir.path + "/node/node.json").c_str(), &facts) == 0);
  BOOST_TEST((facts.st_mode & 0777) == 0600u);
  auto again = node_folder::open(dir.path, why);
  BOOST_REQUIRE_MESSAGE(again, why);
  BOOST_TEST(again->record().node == "alpha");
  BOOST_TEST(again->record().labels.size() == 1u);
  BOOST_TEST(again->record().slots.at("noop") == 7u);
}

BOOST_AUTO_TEST_CASE(a_hub_s_names_are_those_that_were_set_or_found) {
  settings x;
  x.nodes.listen = "0.0.0.0:8086";
  BOOST_TEST(hub_hosts(x, "here").front() == "here");
  x.nodes.listen = "192.0.2.7:8086";
  BOOST_TEST(hub_hosts(x, "here").front() == "192.0.2.7");
  x.nodes.listen = "localhost:0";
  BOOST_TEST(hub_hosts(x, "here").front() == "127.0.0.1");
  x.nodes.hosts = " hub.example  192.0.2.8 ";
  BOOST_TEST((hub_hosts(x, "here")
              == std::vector<std::string>{"hub.example", "192.0.2.8"}));
}
