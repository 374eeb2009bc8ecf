#include "programs/cli/http_client.hpp"

#include <curl/curl.h>

#include <cctype>
#include <cstring>

namespace quaero::cli {

namespace {

struct curl_deleter {
  void operator()(CURL* x) const { curl_easy_cleanup(x); }
  void operator()(curl_slist* x) const { curl_slist_free_all(x); }
};

size_t take_body(char* data, size_t, size_t bytes, void* target) {
  auto& body = *static_cast<std::string*>(target);
  if (body.size() + bytes > response_bytes_max)
    return 0;
  body.append(data, bytes);
  return bytes;
}

int ask_give_up(void* asked, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return (*static_cast<std::function<bool()>*>(asked))() ? 1 : 0;
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
    case CURLE_WRITE_ERROR:
      return "the answer is larger than "
             + std::to_string(response_bytes_max / (1024 * 1024)) + " MiB";
    case CURLE_ABORTED_BY_CALLBACK:
      return "interrupted";
    default:
      return *details != '\0' ? details : curl_easy_strerror(code);
  }
}

class http_client final : public http_transport {
public:
  http_client(std::string server, std::function<bool()> give_up)
    : server_{std::move(server)}, give_up_{std::move(give_up)} {
    if (server_.find("://") == std::string::npos)
      server_.insert(0, "http://");
    while (server_.ends_with('/'))
      server_.pop_back();
    handle_.reset(curl_easy_init());
  }

  const std::string& server() const override { return server_; }

  http_response send(const http_request& request) override {
    http_response result;
    if (!handle_) {
      result.failure = "out of memory";
      return result;
    }
    char details[CURL_ERROR_SIZE] = "";
    auto headers = prepare(request, result.body, details);
    auto code = curl_easy_perform(handle_.get());
    if (code != CURLE_OK) {
      result.failure = failure_text(handle_.get(), code, details);
      return result;
    }
    long status = 0;
    curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
    result.status = static_cast<int>(status);
    return result;
  }

private:
  using header_list = std::unique_ptr<curl_slist, curl_deleter>;

  // The result has to live as long as the transfer.
  header_list prepare(const http_request& request, std::string& body,
                      char* details) {
    auto* h = handle_.get();
    curl_easy_reset(h); // keeps the connection
    auto url = server_ + request.target;
    curl_easy_setopt(h, CURLOPT_URL, url.c_str());
    curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    curl_easy_setopt(h, CURLOPT_USERAGENT, "quaero-cli");
    // A proxy of the environment could not reach a daemon on this machine.
    curl_easy_setopt(h, CURLOPT_PROXY, "");
    curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT,
                     static_cast<long>(connect_timeout.count()));
    curl_easy_setopt(h, CURLOPT_TIMEOUT,
                     static_cast<long>(request_timeout.count()));
    curl_easy_setopt(h, CURLOPT_ERRORBUFFER, details);
    curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, &take_body);
    curl_easy_setopt(h, CURLOPT_WRITEDATA, &body);
    if (give_up_) {
      curl_easy_setopt(h, CURLOPT_NOPROGRESS, 0L);
      curl_easy_setopt(h, CURLOPT_XFERINFOFUNCTION, &ask_give_up);
      curl_easy_setopt(h, CURLOPT_XFERINFODATA, &give_up_);
    }
    curl_slist* headers = curl_slist_append(nullptr, "Accept: */*");
    if (request.method != "GET") {
      curl_easy_setopt(h, CURLOPT_POSTFIELDS, request.body.c_str());
      curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE,
                       static_cast<long>(request.body.size()));
      auto type = "Content-Type: " + request.content_type;
      headers = curl_slist_append(headers, type.c_str());
      headers = curl_slist_append(headers, "Expect:");
    }
    curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers);
    return header_list{headers};
  }

  std::string server_;
  std::function<bool()> give_up_;
  std::unique_ptr<CURL, curl_deleter> handle_;
};

} // namespace

std::unique_ptr<http_transport>
make_http_client(std::string server, std::function<bool()> give_up) {
  return std::make_unique<http_client>(std::move(server), std::move(give_up));
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
