#include "programs/cli/event_stream.hpp"

#include "programs/cli/connection.hpp"
#include "programs/cli/interrupts.hpp"

#include <algorithm>
#include <charconv>

namespace quaero::cli {

bool event_parser::take(std::string_view bytes) {
  for (char c : bytes) {
    if (done_ || too_large_)
      return false;
    bool second_half = c == '\n' && after_return_; // of one line break
    after_return_ = c == '\r';
    if (second_half)
      continue;
    if (c == '\n' || c == '\r') {
      auto line = std::move(line_);
      line_.clear();
      if (!take_line(line))
        return false;
    } else {
      line_ += c;
      too_large_ = line_.size() + event_.data.size() > event_bytes_max;
    }
  }
  return !too_large_;
}

void event_parser::start_again() {
  line_.clear();
  event_ = {};
  has_data_ = false;
  after_return_ = false;
}

bool event_parser::take_line(std::string_view line) {
  if (line.empty())
    return finish_event();
  auto colon = std::min(line.find(':'), line.size());
  auto name = line.substr(0, colon);
  auto text = line.substr(std::min(colon + 1, line.size()));
  if (text.starts_with(' '))
    text.remove_prefix(1);
  if (name == "data") {
    event_.data += (has_data_ ? "\n" : "") + std::string{text};
    has_data_ = true;
  } else if (name == "event") {
    event_.type = text;
  } else if (name == "id" && text.find('\0') == text.npos) {
    last_id_ = text;
    event_.numbered = true;
  } else if (name == "retry") {
    int64_t ms = 0;
    auto end = text.data() + text.size();
    if (std::from_chars(text.data(), end, ms).ptr == end && ms > 0)
      retry_ = std::min(std::chrono::milliseconds{ms}, reconnect_max);
  }
  return true;
}

bool event_parser::finish_event() {
  auto event = std::move(event_);
  event_ = {};
  bool has_data = has_data_;
  has_data_ = false;
  if (!has_data)
    return true;
  event.id = last_id_;
  if (event.type.empty())
    event.type = "message";
  ++events_;
  done_ = !handler_(event);
  return !done_;
}

namespace {

constexpr std::chrono::milliseconds quiet_end{1000};

http_request stream_request(const stream_options& options,
                            const std::string& last_id) {
  http_request result{.target = options.target};
  if (!options.follow)
    result.silence_max = quiet_end;
  result.fields.emplace_back("Accept", "text/event-stream");
  if (!last_id.empty())
    result.fields.emplace_back("Last-Event-ID", last_id);
  return result;
}

// Whether asking again cannot help.
bool is_final(const answer& x) {
  return x.status >= 400 && x.status < 500 && x.status != 429;
}

} // namespace

int follow_events(command_context& context, const stream_options& options,
                  const event_handler& handler) {
  if (int code = connect(context); code != exit_ok)
    return code;
  interrupt_guard guard;
  event_parser parser{handler};
  auto pause = reconnect_first;
  for (int tries = 0;;) {
    auto before = parser.events();
    auto response = context.http->stream(
      stream_request(options, parser.last_id()),
      [&](std::string_view x) { return parser.take(x); });
    if (parser.done() || (!options.follow && response.status == 200))
      return exit_ok;
    if (parser.too_large()) {
      context.to.err << "quaero: an event is larger than " << event_bytes_max
                     << " bytes\n";
      return exit_unreachable;
    }
    bool heard = parser.events() > before;
    tries = heard ? 0 : tries + 1;
    pause = heard ? reconnect_first : std::min(pause * 2, reconnect_max);
    auto x = answer_of(std::move(response));
    if (x.status == 404)
      return exit_not_found;
    if (is_final(x) || (tries > reconnects_max && !x.ok())) {
      report(context, x);
      return x.exit;
    }
    if (context.wait(std::max(pause, parser.retry())))
      return exit_detached;
    parser.start_again();
  }
}

} // namespace quaero::cli
