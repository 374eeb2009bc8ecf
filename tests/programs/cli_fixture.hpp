#pragma once

#include "programs/cli/command.hpp"

#include <deque>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

/// A command line whose daemon is played.
namespace quaero::cli::test {

/// Answers each request with its responses in turn, the last one for ever.
struct fake_server final : http_transport {
  http_response send(const http_request& request) override {
    requests.push_back(request);
    auto i = answers.find(request.method + ' ' + request.target);
    if (i == answers.end())
      return {404, R"({"title":"Not Found","detail":"no such thing"})", "", {}};
    auto result = i->second.front();
    if (i->second.size() > 1)
      i->second.pop_front();
    return result;
  }

  /// The body comes in pieces of a few bytes.
  http_response stream(const http_request& request,
                       const body_receiver& take) override {
    auto result = send(request);
    if (result.status != 200)
      return result;
    constexpr size_t piece = 7;
    std::string_view left = result.body;
    for (; !left.empty(); left.remove_prefix(std::min(piece, left.size())))
      if (!take(left.substr(0, piece)))
        break;
    return {result.status, "", result.failure, {}};
  }

  const std::string& server() const override { return url; }

  std::string url = "http://127.0.0.1:1";
  std::map<std::string, std::deque<http_response>> answers;
  std::vector<http_request> requests;
};

struct fixed_clock final : wall_clock {
  timestamp now() const override { return at; }

  timestamp at{std::chrono::seconds{1'768'874'400}}; // 2026-01-20T02:00:00Z
};

struct session {
  session() : context{console{out, err}} {
    context.to.in = &in;
    context.clock = &clock;
    auto made = std::make_unique<fake_server>();
    server = made.get();
    context.http = std::move(made);
    context.wait
      = [this](std::chrono::milliseconds) { return ++waits >= waits_max; };
  }

  int run(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "quaero");
    return run_command_line(static_cast<int>(arguments.size()),
                            arguments.data(), context);
  }

  void answer(const std::string& what, int status, std::string body,
              std::vector<http_field> fields = {}) {
    server->answers[what].push_back(
      {status, std::move(body), "", std::move(fields)});
  }

  /// The daemon cannot be reached.
  void no_answer(const std::string& what) {
    server->answers[what].push_back({0, "", "connection refused", {}});
  }

  const http_request& request(size_t i) const { return server->requests.at(i); }

  std::ostringstream out;
  std::ostringstream err;
  std::istringstream in;
  fixed_clock clock;
  command_context context;
  fake_server* server = nullptr;
  int waits = 0;
  int waits_max = 1000; // then the user presses Ctrl-C
};

inline bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

inline std::string field_of(const http_request& request,
                            std::string_view name) {
  for (const auto& [known, text] : request.fields)
    if (known == name)
      return text;
  return "";
}

} // namespace quaero::cli::test
