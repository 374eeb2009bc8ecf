#include "actors/workers/crawler/fetcher.hpp"

#include "actors/workers/crawler/host_queue.hpp"
#include "actors/workers/crawler/transfer.hpp"
#include "actors/workers/crawler/url.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <mutex>
#include <random>
#include <set>
#include <thread>
#include <unordered_map>

namespace quaero::crawler {

namespace {

using clock = host_queue::clock;

// Once for the process; libcurl must not be set up by two threads at once.
void init_curl() {
  static const auto rc = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)rc;
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307
         || status == 308;
}

bool is_worth_retry(const fetch_result& x) {
  switch (x.error) {
    case fetch_error::none:
      return x.status == 429 || x.status >= 500;
    case fetch_error::dns:
    case fetch_error::connect:
    case fetch_error::timeout:
    case fetch_error::other:
      return true;
    default:
      return false;
  }
}

fetch_result failure(fetch_error error, std::string message,
                     const std::string& url) {
  fetch_result result;
  result.error = error;
  result.message = std::move(message);
  result.final_url = url;
  return result;
}

std::string header_of(const fetch_result& x, const std::string& name) {
  auto found = x.headers.find(name);
  return found == x.headers.end() ? std::string{} : found->second;
}

} // namespace

const char* to_string(fetch_error x) {
  switch (x) {
    case fetch_error::none:
      return "none";
    case fetch_error::invalid_url:
      return "invalid_url";
    case fetch_error::dns:
      return "dns";
    case fetch_error::connect:
      return "connect";
    case fetch_error::tls:
      return "tls";
    case fetch_error::timeout:
      return "timeout";
    case fetch_error::too_large:
      return "too_large";
    case fetch_error::content_type:
      return "content_type";
    case fetch_error::redirect_loop:
      return "redirect_loop";
    case fetch_error::too_many_redirects:
      return "too_many_redirects";
    case fetch_error::cancelled:
      return "cancelled";
    default:
      return "other";
  }
}

milliseconds retry_wait(const fetch_request& request, uint32_t attempt,
                        const std::string& retry_after, int64_t now) {
  auto wait = std::min(request.backoff, request.backoff_max);
  for (uint32_t i = 1; i < attempt && wait < request.backoff_max; ++i)
    wait = wait > request.backoff_max / 2 ? request.backoff_max : wait * 2;
  int64_t seconds = 0;
  auto* end = retry_after.data() + retry_after.size();
  auto [stop, ec] = std::from_chars(retry_after.data(), end, seconds);
  if (ec != std::errc{} || stop != end) {
    auto date = curl_getdate(retry_after.c_str(), nullptr);
    seconds = date < 0 ? 0 : std::max<int64_t>(date - now, 0);
  }
  auto limit = request.backoff_max.count() / 1000 + 1;
  milliseconds asked{std::clamp<int64_t>(seconds, 0, limit) * 1000};
  return std::min(std::max(wait, asked), request.backoff_max);
}

class fetcher::loop {
public:
  explicit loop(fetcher_settings settings);
  loop(const loop&) = delete;
  loop& operator=(const loop&) = delete;
  ~loop();

  fetch_id fetch(fetch_request request, fetch_callback callback);
  void cancel(fetch_id id);

private:
  struct task {
    fetch_id id = 0;
    fetch_request request;
    fetch_callback callback;
    std::string url;  ///< Of the current hop, normalised.
    std::string host; ///< Its key.
    std::string first_host;
    std::set<std::string> visited;
    clock::time_point queued_at;
    uint32_t attempts = 0;
    uint32_t redirects = 0;
    std::unique_ptr<transfer> running;
  };

  void run();
  bool take_commands();
  void admit(std::unique_ptr<task> x);
  void enqueue(task& x, clock::time_point ready_at);
  void start_ready();
  void start(task& x);
  void collect();
  void completed(CURL* handle, CURLcode code);
  void decide(task& x, fetch_result result);
  bool follow(task& x, fetch_result& result);
  void end(fetch_id id, fetch_result result);
  void cancel_now(fetch_id id);
  void cancel_all();
  void stop_transfer(task& x);
  int wait_ms() const;
  clock::duration jittered(milliseconds wait, double share);

  static constexpr uint64_t forget_every = 1024;

  fetcher_settings settings_;
  uint64_t rounds_ = 0;
  CURLM* multi_;
  std::mt19937_64 random_;
  host_queue queue_;
  std::unordered_map<fetch_id, std::unique_ptr<task>> tasks_;
  std::unordered_map<CURL*, fetch_id> active_;
  std::vector<std::unique_ptr<transfer>> spare_;

  std::mutex mutex_; ///< Guards the four below.
  std::vector<std::unique_ptr<task>> new_tasks_;
  std::vector<fetch_id> cancels_;
  fetch_id last_id_ = 0;
  bool stopping_ = false;

  std::thread thread_; ///< Last: it uses all the others.
};

fetcher::loop::loop(fetcher_settings settings)
  : settings_{std::move(settings)}, multi_{(init_curl(), curl_multi_init())},
    random_{settings_.seed != 0 ? settings_.seed : std::random_device{}()} {
  if (multi_ == nullptr)
    throw std::bad_alloc{};
  settings_.concurrency_max
    = std::clamp(settings_.concurrency_max, 1u, 10'000u);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS,
                    static_cast<long>(settings_.concurrency_max));
  thread_ = std::thread{[this] { run(); }};
}

fetcher::loop::~loop() {
  {
    std::lock_guard guard{mutex_};
    stopping_ = true;
  }
  curl_multi_wakeup(multi_);
  thread_.join();
  spare_.clear();
  curl_multi_cleanup(multi_);
}

fetch_id fetcher::loop::fetch(fetch_request request, fetch_callback callback) {
  auto x = std::make_unique<task>();
  x->request = std::move(request);
  x->callback = std::move(callback);
  fetch_id id = 0;
  {
    std::lock_guard guard{mutex_};
    id = x->id = ++last_id_;
    new_tasks_.push_back(std::move(x));
  }
  curl_multi_wakeup(multi_);
  return id;
}

void fetcher::loop::cancel(fetch_id id) {
  {
    std::lock_guard guard{mutex_};
    cancels_.push_back(id);
  }
  curl_multi_wakeup(multi_);
}

void fetcher::loop::run() {
  while (take_commands()) {
    start_ready();
    int running = 0;
    curl_multi_perform(multi_, &running);
    collect();
    if (++rounds_ % forget_every == 0)
      queue_.forget_idle(clock::now());
    curl_multi_poll(multi_, nullptr, 0, wait_ms(), nullptr);
  }
  cancel_all();
}

bool fetcher::loop::take_commands() {
  std::vector<std::unique_ptr<task>> added;
  std::vector<fetch_id> cancels;
  bool stopping = false;
  {
    std::lock_guard guard{mutex_};
    added.swap(new_tasks_);
    cancels.swap(cancels_);
    stopping = stopping_;
  }
  for (auto& x : added)
    admit(std::move(x));
  for (auto id : cancels)
    cancel_now(id);
  return !stopping;
}

void fetcher::loop::admit(std::unique_ptr<task> x) {
  auto& ref = *x;
  auto id = x->id;
  bool full = tasks_.size() >= settings_.fetches_max;
  tasks_.emplace(id, std::move(x));
  auto url = normalise_url(ref.request.url);
  if (!url)
    return end(id, failure(fetch_error::invalid_url,
                           "not an http or https URL: " + ref.request.url,
                           ref.request.url));
  if (full)
    return end(id, failure(fetch_error::other,
                           "more than " + std::to_string(settings_.fetches_max)
                             + " fetches at the same time",
                           *url));
  ref.url = std::move(*url);
  ref.host = ref.first_host = host_key(ref.url);
  ref.visited.insert(ref.url);
  ref.queued_at = clock::now();
  enqueue(ref, ref.queued_at);
}

void fetcher::loop::enqueue(task& x, clock::time_point ready_at) {
  queue_.add(
    {x.id, x.host, ready_at, x.request.host_delay, x.request.host_concurrency});
}

void fetcher::loop::start_ready() {
  while (active_.size() < settings_.concurrency_max) {
    auto id = queue_.next(clock::now());
    if (!id)
      return;
    start(*tasks_.at(*id));
  }
}

void fetcher::loop::start(task& x) {
  if (spare_.empty())
    spare_.push_back(std::make_unique<transfer>());
  x.running = std::move(spare_.back());
  spare_.pop_back();
  ++x.attempts;
  x.running->begin(x.request, x.url, settings_, x.host == x.first_host);
  active_.emplace(x.running->handle(), x.id);
  curl_multi_add_handle(multi_, x.running->handle());
}

void fetcher::loop::collect() {
  int left = 0;
  while (auto* message = curl_multi_info_read(multi_, &left))
    if (message->msg == CURLMSG_DONE)
      completed(message->easy_handle, message->data.result);
}

void fetcher::loop::completed(CURL* handle, CURLcode code) {
  auto& x = *tasks_.at(active_.at(handle));
  auto result = x.running->finish(code);
  stop_transfer(x);
  decide(x, std::move(result));
}

void fetcher::loop::decide(task& x, fetch_result result) {
  if (is_worth_retry(result) && x.attempts < x.request.attempts) {
    auto wait
      = retry_wait(x.request, x.attempts, header_of(result, "retry-after"),
                   std::time(nullptr));
    enqueue(x, clock::now() + jittered(wait, x.request.backoff_jitter));
    return;
  }
  if (!follow(x, result))
    end(x.id, std::move(result));
}

// Goes on to where a response points. Returns false if that is the end of it,
// with the reason in the result.
bool fetcher::loop::follow(task& x, fetch_result& result) {
  auto location = header_of(result, "location");
  if (!result.ok() || x.request.redirects_max == 0
      || !is_redirect(result.status) || location.empty())
    return false;
  auto refuse = [&](fetch_error error, std::string message) {
    result.body.clear();
    result.error = error;
    result.message = std::move(message);
    return false;
  };
  auto target = resolve_url(x.url, location);
  auto url = normalise_url(target);
  if (!url)
    return refuse(fetch_error::invalid_url,
                  "redirected to what is not an http or https URL: " + target);
  if (!x.visited.insert(*url).second)
    return refuse(fetch_error::redirect_loop,
                  "redirected in a circle, again to " + *url);
  if (x.redirects >= x.request.redirects_max)
    return refuse(fetch_error::too_many_redirects,
                  "redirected more than "
                    + std::to_string(x.request.redirects_max) + " times");
  ++x.redirects;
  x.attempts = 0;
  x.url = std::move(*url);
  x.host = host_key(x.url);
  enqueue(x, x.queued_at); // it has waited for its turn already
  return true;
}

void fetcher::loop::end(fetch_id id, fetch_result result) {
  auto found = tasks_.find(id);
  // Out of the table first: the callback may destroy what it likes.
  auto x = std::move(found->second);
  tasks_.erase(found);
  result.attempts = x->attempts;
  result.redirects = x->redirects;
  x->callback(std::move(result));
}

void fetcher::loop::cancel_now(fetch_id id) {
  auto found = tasks_.find(id);
  if (found == tasks_.end())
    return;
  auto& x = *found->second;
  if (x.running)
    stop_transfer(x);
  else
    queue_.remove(id);
  end(id, failure(fetch_error::cancelled, "cancelled",
                  x.url.empty() ? x.request.url : x.url));
}

void fetcher::loop::cancel_all() {
  for (;;) {
    while (!tasks_.empty())
      cancel_now(tasks_.begin()->first);
    {
      std::lock_guard guard{mutex_};
      if (new_tasks_.empty())
        return;
    }
    take_commands(); // a callback has asked for more
  }
}

void fetcher::loop::stop_transfer(task& x) {
  active_.erase(x.running->handle());
  curl_multi_remove_handle(multi_, x.running->handle());
  queue_.finished(x.host);
  spare_.push_back(std::move(x.running));
}

int fetcher::loop::wait_ms() const {
  constexpr int longest = 60'000;
  if (active_.size() >= settings_.concurrency_max)
    return longest;
  auto at = queue_.next_at();
  if (!at)
    return longest;
  // Rounded up: waking early would only mean to wait again.
  auto left = std::chrono::ceil<milliseconds>(*at - clock::now()).count();
  return static_cast<int>(std::clamp<int64_t>(left, 0, longest));
}

clock::duration fetcher::loop::jittered(milliseconds wait, double share) {
  share = std::clamp(share, 0.0, 1.0);
  std::uniform_real_distribution<double> factor{1.0 - share, 1.0 + share};
  auto ms = static_cast<double>(wait.count()) * factor(random_);
  return std::chrono::duration_cast<clock::duration>(
    std::chrono::duration<double, std::milli>{ms});
}

fetcher::fetcher(fetcher_settings settings)
  : loop_{std::make_unique<loop>(std::move(settings))} {}

fetcher::~fetcher() = default;

fetch_id fetcher::fetch(fetch_request request, fetch_callback callback) {
  return loop_->fetch(std::move(request), std::move(callback));
}

void fetcher::cancel(fetch_id id) {
  loop_->cancel(id);
}

} // namespace quaero::crawler
