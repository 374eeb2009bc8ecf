#include "programs/cli/http_client.hpp"

#include "definitions/ascii.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <cstring>

namespace quaero::cli {

namespace {

struct curl_deleter {
  void operator()(CURL* x) const { curl_easy_cleanup(x); }
  void operator()(curl_slist* x) const { curl_slist_free_all(x); }
};

// Where the answer of one transfer goes.
struct transfer {
  http_response& result;
  const body_receiver* take = nullptr; // of a stream, once its status is 200
  const std::function<bool()>* give_up = nullptr;
  std::chrono::milliseconds silence_max{0};
  std::chrono::steady_clock::time_point last_sign = {};
  bool told_to_end = false;
  bool fell_silent = false;
  char details[CURL_ERROR_SIZE] = "";
};

size_t take_body(char* data, size_t, size_t bytes, void* target) {
  auto& x = *static_cast<transfer*>(target);
  x.last_sign = std::chrono::steady_clock::now();
  if (x.take != nullptr && x.result.status == 200) {
    x.told_to_end = !(*x.take)({data, bytes});
    return x.told_to_end ? 0 : bytes;
  }
  if (x.result.body.size() + bytes > response_bytes_max)
    return 0;
  x.result.body.append(data, bytes);
  return bytes;
}

// Each answer of a transfer starts with its status line; the last one counts.
size_t take_head(char* data, size_t, size_t bytes, void* target) {
  auto& result = static_cast<transfer*>(target)->result;
  std::string_view line{data, bytes};
  if (line.starts_with("HTTP/")) {
    result.fields.clear();
    auto blank = std::min(line.find(' '), line.size());
    result.status = std::atoi(std::string{line.substr(blank)}.c_str());
    return bytes;
  }
  auto colon = line.find(':');
  if (colon != line.npos && result.fields.size() < response_fields_max)
    result.fields.emplace_back(to_lower(line.substr(0, colon)),
                               std::string{trim(line.substr(colon + 1))});
  return bytes;
}

int ask_give_up(void* asked, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& x = *static_cast<transfer*>(asked);
  if (*x.give_up && (*x.give_up)())
    return 1;
  x.fell_silent
    = x.take != nullptr
      && std::chrono::steady_clock::now() - x.last_sign > x.silence_max;
  return x.fell_silent ? 1 : 0;
}

std::string failure_text(CURL* handle, CURLcode code, const char* details) {
  switch (code) {
    case CURLE_COULDNT_CONNECT: {
      long number = 0;
      curl_easy_getinfo(handle, CURLINFO_OS_ERRNO, &number);
      std::string text = number != 0 ? std::strerror(static_cast<int>(number))
                                     : "no connection";
      text[0]
        = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
      return text;
    }
    case CURLE_OPERATION_TIMEDOUT:
      return "no answer in time";
    case CURLE_COULDNT_RESOLVE_HOST:
      return "no such host";
    case CURLE_PEER_FAILED_VERIFICATION:
      return "its certificate is not trusted";
    case CURLE_SSL_CACERT_BADFILE:
      return "the file with the certificate to trust cannot be read, or has "
             "none";
    case CURLE_SSL_CONNECT_ERROR:
      return "no TLS connection could be made";
    case CURLE_WRITE_ERROR:
      return "the answer is larger than "
             + std::to_string(response_bytes_max / (1024 * 1024)) + " MiB";
    case CURLE_ABORTED_BY_CALLBACK:
      return "interrupted";
    default:
      return *details != '\0' ? details : curl_easy_strerror(code);
  }
}

// Where something listens, to start the daemon is no help.
std::string advice_for(CURLcode code) {
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
      return "Name the one to trust with --ca FILE or QUAERO_CA_FILE";
    case CURLE_SSL_CACERT_BADFILE:
      return "Name another one with --ca FILE or QUAERO_CA_FILE";
    case CURLE_SSL_CONNECT_ERROR:
      return "Its address may have to begin with http://";
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
      return "Is the daemon running? If it speaks TLS, its address begins with "
             "https://";
    default:
      return "";
  }
}

class http_client final : public http_transport {
public:
  explicit http_client(http_client_config config) : config_{std::move(config)} {
    auto& server = config_.server;
    if (server.find("://") == std::string::npos)
      server.insert(0, "http://");
    while (server.ends_with('/'))
      server.pop_back();
    handle_.reset(curl_easy_init());
  }

  const std::string& server() const override { return config_.server; }

  http_response send(const http_request& request) override {
    return perform(request, nullptr);
  }

  http_response stream(const http_request& request,
                       const body_receiver& take) override {
    return perform(request, &take);
  }

private:
  using field_list = std::unique_ptr<curl_slist, curl_deleter>;

  http_response perform(const http_request& request,
                        const body_receiver* take) {
    http_response result;
    if (!handle_) {
      result.failure = "out of memory";
      return result;
    }
    transfer x{.result = result,
               .take = take,
               .give_up = &config_.give_up,
               .silence_max = request.silence_max,
               .last_sign = std::chrono::steady_clock::now()};
    prepare(request, x);
    auto fields = fields_of(request);
    curl_easy_setopt(handle_.get(), CURLOPT_HTTPHEADER, fields.get());
    auto code = curl_easy_perform(handle_.get());
    if (code != CURLE_OK && !x.told_to_end) {
      result.failure = x.fell_silent
                         ? "no sign of life"
                         : failure_text(handle_.get(), code, x.details);
      result.advice = x.fell_silent ? "" : advice_for(code);
      if (take == nullptr)
        result.status = 0;
    }
    return result;
  }

  void prepare(const http_request& request, transfer& x) {
    auto* h = handle_.get();
    curl_easy_reset(h); // keeps the connection
    curl_easy_setopt(h, CURLOPT_URL, (config_.server + request.target).c_str());
    curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    curl_easy_setopt(h, CURLOPT_USERAGENT, "quaero-cli");
    // A proxy of the environment could not reach a daemon on this machine.
    curl_easy_setopt(h, CURLOPT_PROXY, "");
    curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT,
                     static_cast<long>(connect_timeout.count()));
    if (x.take == nullptr) {
      curl_easy_setopt(h, CURLOPT_ACCEPT_ENCODING, ""); // whatever curl reads
      curl_easy_setopt(h, CURLOPT_TIMEOUT_MS,
                       static_cast<long>(request.timeout.count()));
    }
    if (!config_.ca_file.empty())
      curl_easy_setopt(h, CURLOPT_CAINFO, config_.ca_file.c_str());
    curl_easy_setopt(h, CURLOPT_ERRORBUFFER, x.details);
    curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, &take_body);
    curl_easy_setopt(h, CURLOPT_WRITEDATA, &x);
    curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, &take_head);
    curl_easy_setopt(h, CURLOPT_HEADERDATA, &x);
    curl_easy_setopt(h, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(h, CURLOPT_XFERINFOFUNCTION, &ask_give_up);
    curl_easy_setopt(h, CURLOPT_XFERINFODATA, &x);
    if (request.method != "GET") {
      curl_easy_setopt(h, CURLOPT_POSTFIELDS, request.body.c_str());
      curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE,
                       static_cast<long>(request.body.size()));
    }
  }

  // The result has to live as long as the transfer.
  field_list fields_of(const http_request& request) const {
    curl_slist* list = nullptr;
    auto add = [&list](const std::string& name, const std::string& text) {
      list = curl_slist_append(list, (name + ": " + text).c_str());
    };
    add("Accept", "*/*");
    if (!config_.token.empty())
      add("Authorization", "Bearer " + config_.token);
    if (request.method != "GET") {
      add("Content-Type", request.content_type);
      list = curl_slist_append(list, "Expect:");
    }
    for (const auto& [name, text] : request.fields)
      add(name, text);
    return field_list{list};
  }

  http_client_config config_;
  std::unique_ptr<CURL, curl_deleter> handle_;
};

} // namespace

std::string_view http_response::field(std::string_view name) const {
  for (const auto& [known, text] : fields)
    if (known == name)
      return text;
  return {};
}

std::unique_ptr<http_transport> make_http_client(http_client_config config) {
  return std::make_unique<http_client>(std::move(config));
}

std::string percent_encode(std::string_view text) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string result;
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || c == '-' || c == '_' || c == '.' || c == '~') {
      result += c;
    } else {
      result += '%';
      result += digits[byte >> 4];
      result += digits[byte & 15];
    }
  }
  return result;
}

} // namespace quaero::cli
