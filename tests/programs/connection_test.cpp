#include "programs/cli/connection.hpp"
#include "tests/programs/cli_fixture.hpp"
#include "tests/programs/one_answer.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>

/// Which daemon is asked, and with which token.

using namespace quaero::cli;
using namespace quaero::cli::test;

namespace {

struct data_folder {
  data_folder()
    : path{(std::filesystem::temp_directory_path()
            / ("quaero-cli-data-" + std::to_string(::getpid())))
             .string()} {
    std::filesystem::create_directory(path);
  }
  ~data_folder() {
    std::filesystem::remove_all(path);
    ::unsetenv("QUAERO_SERVER");
    ::unsetenv("QUAERO_TOKEN");
  }

  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream{path + '/' + name} << text;
    return path + '/' + name;
  }

  std::string path;
};

// The request that a real server gets of a command.
std::string request_of(std::vector<const char*> words, data_folder& folder,
                       bool by_folder) {
  one_answer server{"\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n",
                    2};
  if (by_folder)
    folder.write("endpoint", server.url + "\n");
  words.insert(words.end(), by_folder ? "--data-dir" : "--server");
  words.insert(words.end(),
               by_folder ? folder.path.c_str() : server.url.c_str());
  session s;
  s.context.http.reset();
  BOOST_TEST(s.run(words) == exit_ok, s.err.str());
  return server.request;
}

bool has_token(const std::string& request, const std::string& token) {
  return contains(request, "Authorization: Bearer " + token + "\r\n");
}

} // namespace

BOOST_AUTO_TEST_SUITE(connection)

BOOST_AUTO_TEST_CASE(a_folder_without_a_daemon_is_named) {
  session s;
  s.context.http.reset();
  BOOST_TEST(s.run({"--data-dir", "/nonexistent", "status"})
             == exit_unreachable);
  BOOST_TEST(contains(s.err.str(), "quaerod --data-dir /nonexistent"));
}

BOOST_AUTO_TEST_CASE(the_address_comes_from_the_folder_before_the_environment) {
  auto folder = std::filesystem::temp_directory_path()
                / ("quaero-cli-data-" + std::to_string(::getpid()));
  std::filesystem::create_directory(folder);
  auto path = folder.string();
  auto write = [&](const std::string& text) {
    std::ofstream{folder / "endpoint"} << text;
  };
  // Ports that nobody listens at: the message names the address in use.
  ::setenv("QUAERO_SERVER", "127.0.0.1:7", 1);
  auto message = [](std::vector<const char*> arguments) {
    session s;
    s.context.http.reset();
    BOOST_TEST(s.run(arguments) == exit_unreachable);
    return s.err.str();
  };
  write("http://127.0.0.1:9\n");
  BOOST_TEST(contains(message({"status"}), "http://127.0.0.1:7:"));
  BOOST_TEST(contains(message({"status", "--data-dir", path.c_str()}),
                      "http://127.0.0.1:9:"));
  BOOST_TEST(contains(
    message({"status", "--data-dir", path.c_str(), "--server", "127.0.0.1:13"}),
    "http://127.0.0.1:13:"));
  write(std::string(endpoint_bytes_max + 1, 'x'));
  BOOST_TEST(contains(message({"status", "--data-dir", path.c_str()}),
                      "no daemon runs in"));
  ::unsetenv("QUAERO_SERVER");
  std::filesystem::remove_all(folder);
}

BOOST_AUTO_TEST_CASE(the_token_comes_from_where_it_was_said_first) {
  data_folder folder;
  auto file = folder.write("my.token", " q_file \n");
  folder.write("admin.token", "q_local\n");
  BOOST_TEST(has_token(request_of({"health"}, folder, true), "q_local"));
  ::setenv("QUAERO_TOKEN", "q_variable", 1);
  BOOST_TEST(has_token(request_of({"health"}, folder, true), "q_variable"));
  BOOST_TEST(has_token(
    request_of({"health", "--token-file", file.c_str()}, folder, true),
    "q_file"));
}

BOOST_AUTO_TEST_CASE(the_token_of_a_folder_goes_to_its_daemon_only) {
  data_folder folder;
  folder.write("admin.token", "q_local\n");
  auto request
    = request_of({"health", "--data-dir", folder.path.c_str()}, folder, false);
  BOOST_TEST(!contains(request, "Authorization"));
}

BOOST_AUTO_TEST_CASE(what_is_no_token_is_refused_and_not_repeated) {
  data_folder folder;
  for (const auto& text :
       {std::string{"two words"}, std::string{""}, std::string{"a\x01z"},
        std::string(token_bytes_max + 1, 'x')}) {
    auto file = folder.write("my.token", text);
    session s;
    s.context.http.reset();
    BOOST_TEST(s.run({"health", "--token-file", file.c_str()}) == exit_usage);
    BOOST_TEST(contains(s.err.str(), file));
    BOOST_TEST((text.empty() || !contains(s.err.str(), text)));
  }
  session s;
  s.context.http.reset();
  BOOST_TEST(s.run({"health", "--token-file", "/nonexistent"}) == exit_usage);
  BOOST_TEST(contains(s.err.str(), "/nonexistent"));
}

BOOST_AUTO_TEST_SUITE_END()
