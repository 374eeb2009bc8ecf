#include "actors/run_marks.hpp"

#include "definitions/json.hpp"
#include "definitions/value.hpp"

namespace quaero {

namespace {

constexpr const char* before_key = "pre_job";
constexpr const char* behind_key = "post_job";
constexpr const char* run_key = "run";
constexpr const char* attempt_key = "next_attempt_from";

std::optional<job_id> id_in(const value& x, const char* key) {
  job_id out;
  const auto text = x.get_string(key);
  if (!text || !from_string(*text, out))
    return std::nullopt;
  return out;
}

value read(const std::string& result) {
  value out;
  std::string error;
  if (result.empty() || !parse_json(result, out, error))
    return value{};
  return out;
}

} // namespace

std::optional<run_stop> read_stop_mark(const std::string& result,
                                       const std::string& why) {
  // A worker's own result, which may say anything, comes without a reason.
  if (why.empty())
    return std::nullopt;
  run_stop out{result == run_stop_failed, result == run_stop_cancelled, why};
  if (!out.decided())
    return std::nullopt;
  return out;
}

std::string linked_run_mark(const linked_run& x) {
  return to_json(
    value::make_object({{x.before ? before_key : behind_key, uint64_t{x.index}},
                        {run_key, to_string(x.run)}}));
}

std::optional<linked_run> read_linked_run_mark(const std::string& result) {
  const auto x = read(result);
  const auto run = id_in(x, run_key);
  const auto before = x.get_int(before_key);
  const auto behind = x.get_int(behind_key);
  if (!run || (!before && !behind))
    return std::nullopt;
  return linked_run{before.has_value(),
                    static_cast<uint32_t>(before ? *before : *behind), *run};
}

std::string attempt_mark(const job_id& first_of_next) {
  return to_json(value::make_object({{attempt_key, to_string(first_of_next)}}));
}

std::optional<job_id> read_attempt_mark(const std::string& result) {
  return id_in(read(result), attempt_key);
}

} // namespace quaero
