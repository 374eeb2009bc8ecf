#pragma once

#include "definitions/value.hpp"
#include "programs/cli/command.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace quaero::cli {

/// The answer to a request, or the exit code after a message on stderr.
struct answer {
  int exit = exit_ok;
  int status = 0;     ///< Of HTTP.
  value json;         ///< Null if the body is no JSON.
  std::string text;   ///< The body, or why there is no answer.
  std::string advice; ///< What to do then, unless to start the daemon.
  std::string etag;
  int64_t retry_after = 0; ///< Seconds; 0 = not said.

  bool ok() const { return exit == exit_ok; }
};

/// Sends a request to the chosen server. What is no 2xx becomes a message with
/// what to do next.
answer ask(command_context& context, const http_request& request);

/// As ask(), without messages: for polling.
answer ask_quietly(command_context& context, const http_request& request);

/// What a response means.
answer answer_of(http_response response);

/// A request with a JSON body.
http_request json_request(std::string method, std::string target,
                          const value& body);

/// Says on stderr why an answer is not ok, and what to do next.
void report(const command_context& context, const answer& x);

/// Prints the body of an answer as it came, with a line end.
void print_json(const command_context& context, const answer& x);

/// Asks for one thing; prints the answer with --json, else gives it to `print`.
int show_answer(command_context& context, std::string target,
                const std::function<void(const value&)>& print);

/// After a change: the answer with --json, else `sentence`.
int print_done(const command_context& context, const answer& x,
               const std::string& sentence);

/// The URL of the server in use. REQUIRES: a request was sent.
std::string server_url(const command_context& context);

/// "/api/jobs/ID"
std::string job_path(const std::string& id);

/// Appends "?name=text" or "&name=text", encoded, unless `text` is empty.
void add_query(std::string& target, std::string_view name,
               std::string_view text);

/// The members of an array in an answer; none if it is not there.
const value::array& items_of(const value& json, std::string_view name);

/// The text of a member: strings as they are, numbers and booleans written.
std::string text_of(const value& json, std::string_view name);

/// A list of strings with commas in between.
std::string list_text(const value& json, std::string_view name);

/// Whether a job of that status will not change any more.
bool is_over(std::string_view status);

} // namespace quaero::cli
