#include "bench/http_plans.hpp"

#include "definitions/json.hpp"

#include <stdexcept>

namespace quaero::bench {

namespace {

constexpr size_t shown_bytes_max = 500;

[[noreturn]] void refuse(unsigned status, std::string_view body) {
  throw std::runtime_error{"answered " + std::to_string(status) + ": "
                           + std::string{body.substr(0, shown_bytes_max)}};
}

/// Keeps one answer.
class one_question final : public http_load_plan {
public:
  explicit one_question(std::string bytes) : bytes_{std::move(bytes)} {}

  std::string_view request(uint64_t) override { return bytes_; }

  void on_answer(uint64_t, unsigned status, std::string_view body) override {
    std::string error;
    if ((status != 200 && status != 201) || !parse_json(body, answer, error))
      refuse(status, body);
  }

  value answer;

private:
  std::string bytes_;
};

std::string repeat(const std::string& job, uint64_t times) {
  std::string out = "[";
  for (uint64_t i = 0; i < times; ++i) {
    if (i > 0)
      out += ',';
    out += job;
  }
  return out + "]";
}

// Takes {"ids":["...","..."]} apart without a tree: the client shares its
// processors with the daemon.
bool read_ids(std::string_view text, std::vector<job_id>& out) {
  constexpr std::string_view begin = R"({"ids":[)";
  constexpr std::string_view end = "]}";
  constexpr size_t id_bytes = 36;
  if (!text.starts_with(begin))
    return false;
  text.remove_prefix(begin.size());
  do {
    job_id id;
    if (text.size() < id_bytes + 3 || text[0] != '"'
        || text[id_bytes + 1] != '"'
        || !from_string(text.substr(1, id_bytes), id))
      return false;
    out.push_back(id);
    text.remove_prefix(id_bytes + 2);
    if (text == end)
      return true;
    const bool more = text[0] == ',';
    text.remove_prefix(1);
    if (!more)
      return false;
  } while (!text.empty());
  return false;
}

} // namespace

// -- the daemon ---------------------------------------------------------------

http_target::http_target(http_server server, const std::string& token)
  : server_{std::move(server)} {
  fields_ = "Host: " + server_.host + ":" + server_.port + "\r\n";
  if (!token.empty())
    fields_ += "Authorization: Bearer " + token + "\r\n";
}

std::string http_target::get(const std::string& path) const {
  return "GET " + path + " HTTP/1.1\r\n" + fields_ + "\r\n";
}

std::string http_target::post(const std::string& path, std::string_view body,
                              std::string_view fields) const {
  auto out = "POST " + path + " HTTP/1.1\r\n" + fields_ + std::string{fields}
             + "Content-Type: application/json\r\nContent-Length: "
             + std::to_string(body.size()) + "\r\n\r\n";
  out += body;
  return out;
}

value http_target::ask(const std::string& path) const {
  one_question plan{get(path)};
  http_load_config how;
  how.server = server_;
  run_load(how, plan);
  return std::move(plan.answer);
}

void http_target::send(const std::string& path, std::string_view body) const {
  one_question plan{post(path, body)};
  http_load_config how;
  how.server = server_;
  run_load(how, plan);
}

// -- enqueues -----------------------------------------------------------------

enqueue_plan::enqueue_plan(const http_target& to, const std::string& job,
                           uint64_t jobs, uint32_t batch, bool as_array)
  : jobs_{jobs}, batch_{batch} {
  full_ = to.post("/api/jobs", as_array ? repeat(job, batch) : job);
  if (const auto rest = jobs % batch; rest > 0)
    last_ = to.post("/api/jobs", repeat(job, rest));
}

uint64_t enqueue_plan::jobs_of(uint64_t number) const {
  const bool rest = number + 1 == requests() && !last_.empty();
  return rest ? jobs_ % batch_ : batch_;
}

std::string_view enqueue_plan::request(uint64_t number) {
  return jobs_of(number) == batch_ ? full_ : last_;
}

void enqueue_plan::on_answer(uint64_t number, unsigned status,
                             std::string_view body) {
  const auto before = ids_.size();
  if (status != 201 || !read_ids(body, ids_)
      || ids_.size() - before != jobs_of(number))
    refuse(status, body);
}

// -- questions ----------------------------------------------------------------

get_plan::get_plan(const http_target& to, const std::vector<job_id>& ids) {
  for (const auto& id : ids) {
    const auto text = to_string(id);
    all_.push_back({to.get("/api/jobs/" + text), "\"id\":\"" + text + '"'});
  }
}

std::string_view get_plan::request(uint64_t number) {
  return all_[number % all_.size()].request;
}

void get_plan::on_answer(uint64_t number, unsigned status,
                         std::string_view body) {
  const auto& wanted = all_[number % all_.size()].answer;
  if (status != 200 || body.find(wanted) == std::string_view::npos)
    refuse(status, body);
}

} // namespace quaero::bench
