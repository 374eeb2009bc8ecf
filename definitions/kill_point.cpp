#include "definitions/kill_point.hpp"

#include <algorithm>
#include <charconv>
#include <csignal>
#include <unistd.h>

namespace quaero {

namespace {

constexpr int64_t passes_max = 1'000'000'000;

kill_at armed_at{};
std::atomic<int64_t> passes_left{0};

static_assert(kill_point_names.size()
              == static_cast<size_t>(kill_at::index_before_mark) + 1);

std::string name_list() {
  std::string out;
  for (const auto* x : kill_point_names)
    out += (out.empty() ? "" : ", ") + std::string{x};
  return out;
}

} // namespace

std::string arm_kill_point(std::string_view text) {
  const auto colon = text.find(':');
  const auto name = text.substr(0, colon);
  const auto found
    = std::find(kill_point_names.begin(), kill_point_names.end(), name);
  if (found == kill_point_names.end())
    return "there is no point '" + std::string{name} + "'; there are "
           + name_list();
  int64_t passes = 1;
  if (colon != std::string_view::npos) {
    const auto number = text.substr(colon + 1);
    const auto* end = number.data() + number.size();
    const auto read = std::from_chars(number.data(), end, passes);
    if (read.ec != std::errc{} || read.ptr != end || passes < 1
        || passes > passes_max)
      return "'" + std::string{number} + "' is not a number from 1 to "
             + std::to_string(passes_max);
  }
  armed_at = static_cast<kill_at>(found - kill_point_names.begin());
  passes_left = passes;
  detail::kill_point_armed = true;
  return {};
}

void detail::pass(kill_at where) {
  if (where == armed_at && --passes_left == 0)
    ::kill(::getpid(), SIGKILL);
}

} // namespace quaero
